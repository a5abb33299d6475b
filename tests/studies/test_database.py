"""Opening a database, and what is said when that fails."""

from __future__ import annotations

import doctest
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

import studies
from studies import Store, StudyError, migrations, upgrade

if TYPE_CHECKING:
    from pathlib import Path


def assert_one_sentence(message: str) -> None:
    assert message[0].isupper()
    assert message.endswith((".", ")."))
    assert "\n" not in message


def refusal(url: str, create: bool = True) -> str:
    with pytest.raises(StudyError) as caught:
        Store.open(url, create=create)
    message = str(caught.value)
    assert_one_sentence(message)
    return message


def test_the_package_example_runs() -> None:
    assert doctest.testmod(studies).failed == 0


def test_the_package_needs_none_of_its_neighbours() -> None:
    code = "import sys, studies; print({'torch', 'ray', 'pydantic', 'scyc', 'oracle', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_a_closed_database_is_one_file_that_opens_again(disk: str, tmp_path: Path) -> None:
    with Store.open(disk) as store:
        study = store.create_study("a", {}, "h", "/a", {})
    assert [path.name for path in tmp_path.iterdir()] == ["scyc.db"]
    with Store.open(disk, create=False) as store:
        assert store.studies() == [study]
        assert store.revision() == migrations.revisions()[0]


def test_memory_databases_are_apart() -> None:
    with Store.open("sqlite://") as one, Store.open("sqlite:///:memory:") as other:
        one.create_study("a", {}, "h", "/a", {})
        assert other.studies() == []


def test_a_closed_database_opens_again(common: str) -> None:
    with Store.open(common) as store:
        study = store.create_study("a", {}, "h", "/a", {})
    with Store.open(common, create=False) as store:
        assert store.studies() == [study]
        assert store.revision() == migrations.revisions()[0]


def test_without_create_nothing_is_created(disk: str, tmp_path: Path) -> None:
    assert str(tmp_path / "scyc.db") in refusal(disk, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_something_else(disk: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "scyc.db")) as other:
        other.execute("CREATE TABLE studies (x)")
        other.commit()
    assert "holds no studies" in refusal(disk, create=False)
    with Store.open(disk) as store:  # tables of other tools may live beside ours
        assert store.studies() == []
    with closing(sqlite3.connect(tmp_path / "scyc.db")) as other:
        assert other.execute("SELECT * FROM studies").fetchall() == []


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database_is_left_alone(disk: str, tmp_path: Path, create: bool) -> None:
    text = "No database at all. " * 100
    (tmp_path / "scyc.db").write_text(text)
    assert "not a database" in refusal(disk, create=create)
    assert (tmp_path / "scyc.db").read_text() == text


def test_folders(tmp_path: Path) -> None:
    assert "is a folder" in refusal(f"sqlite:///{tmp_path}")
    assert f"{tmp_path}/none of the database does not exist" in refusal(f"sqlite:///{tmp_path}/none/scyc.db")


def test_a_file_that_may_not_be_written(disk: str, tmp_path: Path) -> None:
    with Store.open(disk):
        pass
    with Store.open(f"sqlite:///file:{tmp_path}/scyc.db?mode=ro&uri=true") as store:
        with pytest.raises(StudyError, match="opened for reading alone") as caught:
            store.create_study("a", {}, "h", "/a", {})
        assert_one_sentence(str(caught.value))


@pytest.mark.parametrize("url", ["scyc.db", "", "postgresql://me:secret@[::1/db", "sqlite//x", "a:secret@b"])
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    message = refusal(url)
    assert "sqlite:///scyc.db" in message
    assert "secret" not in message


def test_unknown_kinds_and_missing_drivers_without_passwords() -> None:
    message = refusal("nosuchdb://me:secret@host/db?password=secret")
    assert "nosuchdb://me:***@host/db" in message
    assert "secret" not in message
    # A driver that is surely not installed.
    message = refusal("postgresql+psycopg2cffi://me:secret@host/db")
    assert "psycopg2cffi" in message
    assert "pip" in message
    assert "secret" not in message


def test_a_store_shows_where_it_is(disk: str) -> None:
    with Store.open(disk) as store:
        assert repr(store) == f"Store({disk})"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations with one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.SCRIPTS, folder)
    newest = migrations.revisions()[0]
    (folder / "versions" / "9999_next.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        f"revision, down_revision = '9999', {newest!r}\n"
        "def upgrade():\n"
        "    op.add_column('scyc_studies', sa.Column('more', sa.Text()))\n"
    )
    return folder


def test_an_older_database_is_upgraded_only_when_told(
    nothing: str, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(nothing) as store:
        store.create_study("a", {}, "h", "/a", {})
    monkeypatch.setattr(migrations, "SCRIPTS", scripts)
    message = refusal(nothing)
    assert "needs 9999" in message
    assert "scyc studies upgrade" in message
    assert upgrade(nothing) == "9999"
    assert upgrade(nothing) == "9999"
    engine = create_engine(nothing)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name, more FROM scyc_studies").all() == [("a", None)]
    engine.dispose()


def test_a_newer_database_is_left_alone(nothing: str, scripts: Path) -> None:
    with pytest.MonkeyPatch.context() as newer:
        newer.setattr(migrations, "SCRIPTS", scripts)
        with Store.open(nothing) as store:
            assert store.revision() == "9999"
    for create in (True, False):
        assert "9999, which this version does not know" in refusal(nothing, create=create)
    with pytest.raises(StudyError, match="does not know"):
        upgrade(nothing)


def test_an_empty_server_database_is_not_upgraded(empty_postgresql: str) -> None:
    with pytest.raises(StudyError, match="holds no studies"):
        upgrade(empty_postgresql)
    assert "holds no studies" in refusal(empty_postgresql, create=False)


def test_there_must_be_something_to_upgrade(disk: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no database at"):
        upgrade(disk)
    (tmp_path / "scyc.db").touch()
    with pytest.raises(StudyError, match="holds no studies"):
        upgrade(disk)
