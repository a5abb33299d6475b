"""Commands that only look: they write nothing, need no right to, and wait for nobody who does."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psycopg
import pytest

import oracle
from oracle.study.opening import open_study
from oracle.web import application
from studies import Store
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.serving import served
from tests.studies.permissions import sealed
from tests.studies.server import READER, database_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.oracle.cli.conftest import Ended
    from tests.studies.server import Server

SOON = 30.0  # seconds; whoever waits for a lock waits for 60


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a finished study, to be copied."""
    path = tmp_path_factory.mktemp("finished") / "scyc.db"
    with Laboratory(small_spec(), growth=1.5, url=f"sqlite:///{path}") as lab:
        lab.finish()
    return path


@pytest.fixture
def folder(finished: Path) -> Iterator[Path]:
    """A folder that everybody may enter, with that file alone."""
    with tempfile.TemporaryDirectory(prefix="scyc-reading-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(finished, folder / "scyc.db")
        yield folder


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, which everybody may write to."""
    with tempfile.TemporaryDirectory(prefix="scyc-outside-") as name:
        Path(name).chmod(0o777)
        with monkeypatch.context() as inside:
            inside.chdir(name)
            yield Path(name)


def look(scyc: Callable[..., Ended], url: str, outside: Path) -> dict[str, Any]:
    """What every command says that only looks."""
    found: dict[str, Any] = {}
    for command in (
        ["show", "s"],
        ["show", "s", "--json"],
        ["studies", "list"],
        ["studies", "list", "--json"],
        ["watch", "s", "--json"],
        ["compare", "s", "--json"],
        ["show", "s", "--schedule", "fitted"],
        ["run", "s", "--list"],
        ["report", "s", "--out", str(outside / "page.html")],
    ):
        ended = scyc(*command, "--db", url)
        assert ended.code == 0, ended.err
        found[" ".join(command)] = ended.out
    (outside / "page.html").unlink()
    with tempfile.TemporaryDirectory(dir=outside) as exported:
        assert scyc("studies", "export", "s", "--out", f"{exported}/tables", "--db", url).code == 0
        found["export"] = {path.name: path.read_text() for path in Path(exported, "tables").iterdir()}
    ended = scyc("doctor", "--json", "--db", url)
    assert ended.code == 0, ended.err
    examined = json.loads(ended.out)
    found["doctor"] = next(finding for finding in examined if finding["subject"] == "database")
    return found | pages(url) | library(url)


def pages(url: str) -> dict[str, Any]:
    """What every page of the web service shows."""
    found = {}
    with Store.open(url, read_only=True) as store, served(application(store)) as there:
        for page in (
            "/",
            "/study/s",
            "/report/s",
            "/api/v1/studies",
            "/api/v1/studies/1",
            "/api/v1/studies/1/curve",
            "/health",
        ):
            with urlopen(there + page, timeout=60) as answer:
                found[page] = answer.read()
    return found


def library(url: str) -> dict[str, Any]:
    """What the Python API says of a study."""
    study = oracle.open_study("s", url)
    tables = study.curve(), study.trials(), study.epochs(), study.gradients(), oracle.studies(url)
    return {
        "tables": [table.to_json(date_format="iso") for table in tables],
        "status": study.status.to_json(),
        "figures": [study.figure(name).to_json() for name in ("curve", "heatmap", "winners", "surface", "fit")],
        "fit": study.fit(),
        "notebook": study._repr_html_(),
    }


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Somebody is in the middle of a transaction."""
    with closing(sqlite3.connect(folder / "scyc.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM scyc_studies")
        yield


@pytest.mark.slow
@pytest.mark.parametrize("how", [sealed, writing])
def test_a_file(scyc: Callable[..., Ended], folder: Path, outside: Path, how: Callable[[Path], Any]) -> None:
    url = f"sqlite:///{folder}/scyc.db"
    expected = look(scyc, url, outside)
    assert [path.name for path in folder.iterdir()] == ["scyc.db"]
    with how(folder):
        started = time.monotonic()
        assert look(scyc, url, outside) == expected
        assert time.monotonic() - started < SOON


def test_a_server(server: Server, scyc: Callable[..., Ended], folder: Path, outside: Path) -> None:
    url = server.empty()
    assert scyc("studies", "export", "s", "--out", str(outside / "s"), "--db", f"sqlite:///{folder}/scyc.db").code == 0
    assert scyc("studies", "import", str(outside / "s"), "--db", url).code == 0
    expected = look(scyc, url, outside)
    server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}", database_of(url))
    with psycopg.connect(host=server.socket, user="postgres", dbname=database_of(url)) as other:
        other.execute("SELECT * FROM scyc_studies FOR UPDATE")
        other.execute("SELECT * FROM scyc_runs FOR UPDATE")
        started = time.monotonic()
        assert look(scyc, url.replace("postgres@", f"{READER}@"), outside) == expected
        assert time.monotonic() - started < SOON
    server.drop(url)


def test_a_study_whose_driver_died_before_it_began(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/scyc.db") as store:
        open_study(store, "s", small_spec(), f"{tmp_path}/artifacts")
    shown = scyc("show", "s", "--json")
    assert shown.code == 0
    view = json.loads(shown.out)
    assert (view["levels"], view["cost"]["trials"], view["cost"]["wall_seconds"]) == ([], 0, 0)
    assert scyc("show", "s").code == 0
    [row] = json.loads(scyc("studies", "list", "--json").out)
    assert (row["decided"], row["trials"]) == (0, 0)
    assert scyc("report", "s").code == 0
    for command, sentence in (
        (["analyse", "s"], "has not decided a level yet"),
        (["compare", "s"], "once the dense network, level 0, is decided"),
        (["studies", "mirror", "s", "--rebuild"], "has no trials yet"),
    ):
        ended = scyc(*command)
        assert ended.code == 2
        assert sentence in ended.err
    with Store.open(f"sqlite:///{tmp_path}/scyc.db", read_only=True) as store:
        assert store.runs(store.study("s").id) == []
    assert scyc("studies", "delete", "s", "--yes").code == 0
    assert json.loads(scyc("studies", "list", "--json").out) == []
