"""Commands to paste: quoted for a shell, of the same database, without a password."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from oracle.study.commands import command
from studies import Store, StudyError, migrations

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["my study", "it's", "$HOME", "a;b", "日本", "[red]"])
def test_a_shell_reads_the_name_that_was_meant(name: str) -> None:
    assert shlex.split(command("show", name, db="sqlite:///scyc.db")) == ["scyc", "show", name]


@pytest.mark.parametrize(
    ("usual", "db", "option"),
    [
        (None, "sqlite:///scyc.db", ""),
        (None, "sqlite:///other.db", " --db sqlite:///other.db"),
        (None, "sqlite:////my folder/a.db", " --db 'sqlite:////my folder/a.db'"),
        ("sqlite:///other.db", "sqlite:///other.db", ""),
        ("sqlite:///other.db", "sqlite:///scyc.db", " --db sqlite:///scyc.db"),
        ("postgres://ann:horse@h/d", "postgresql://ann:horse@h/d", ""),
        (None, "postgresql://ann:horse@h/d", " --db 'postgresql+psycopg://ann:***@h/d'"),
        (
            None,
            "postgresql://ann@h/d?password=horse&sslmode=require",
            " --db 'postgresql+psycopg://ann:***@h/d?sslmode=require'",
        ),
        (None, "postgresql://ann:ho@rse@h/d", " --db URL"),
    ],
)
def test_the_database_is_named_where_it_is_not_the_usual_one(
    usual: str | None, db: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCYC_DB", raising=False)
    if usual is not None:
        monkeypatch.setenv("SCYC_DB", usual)
    assert command("show", "a", db=db) == f"scyc show a{option}"


def test_an_old_database_says_how_it_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/my studies.db"
    with Store.open(url):
        pass
    monkeypatch.setattr(migrations, "revisions", lambda: ["9999", *real()])
    with pytest.raises(StudyError, match="studies upgrade") as caught:
        Store.open(url)
    assert f"`scyc studies upgrade --db '{url}'`" in str(caught.value)


real = migrations.revisions
