"""`scyc studies ...`, `scyc extend`, and who may work on a study: on one so small that it trains in seconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

from studies import Artifacts, Store, migrations

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended

TINY = """
levels = 1
seeds = [0]
epochs = 1
[search]
max_lr = { values = [0.1, 0.2] }
widen = 0
"""


@pytest.fixture
def tiny(finish: Callable[[str, str], Ended], scyc: Callable[..., Ended], tmp_path: Path) -> Path:
    """The folder of a finished study named `demo`."""
    assert finish("demo", TINY).code == 0
    return tmp_path


def shown(scyc: Callable[..., Ended], name: str = "demo", *options: str) -> list[dict[str, object]]:
    levels: list[dict[str, object]] = json.loads(scyc("show", name, "--json", *options).out)["levels"]
    return levels


def cells(levels: list[dict[str, object]]) -> list[tuple[float, int]]:
    return [(trial["max_lr"], trial["seed"]) for level in levels for trial in level["trials"]]  # type: ignore[attr-defined]


class TestExtend:
    @pytest.mark.slow
    def test_trains_what_is_new(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        before = shown(scyc)
        ended = scyc("extend", "demo", "--seed", "5", "--candidate", "0.4", "--executor", "inline")
        assert ended.code == 0
        assert "1 levels are decided again" in ended.out
        after = shown(scyc)
        assert sorted(cells(after)) == [(max_lr, seed) for max_lr in (0.1, 0.2, 0.4) for seed in (0, 5)]
        assert all(trial in after[0]["trials"] for trial in before[0]["trials"])  # type: ignore[attr-defined,operator]
        assert scyc("extend", "demo", "--levels", "2", "--executor", "inline").code == 0
        assert [level["level"] for level in shown(scyc)] == [0, 1]

    def test_nothing_to_add_is_refused(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        ended = scyc("extend", "demo")
        assert ended.code == 2
        assert "adds nothing" in ended.err


class TestResume:
    def test_needs_neither_spec_nor_folder(
        self, tiny: Path, scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = f"sqlite:///{tiny}/scyc.db"
        with Store.open(url) as store:
            run = store.open_run(store.study("demo").id, "oracle")
            store.reopen_levels(run.id, 0)
        empty = tiny / "another machine"
        empty.mkdir()
        monkeypatch.chdir(empty)
        assert scyc("resume", "demo", "--db", url, "--executor", "inline").code == 0
        assert list(empty.iterdir()) == []
        assert shown(scyc, "demo", "--db", url)[0]["winner"] is not None

    def test_a_study_that_is_being_worked_on_is_left_alone(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        with Store.open(f"sqlite:///{tiny}/scyc.db") as store:
            lease = store.acquire_lease(store.study("demo").id, "ann@elsewhere (process 7)", 60)
            ended = scyc("resume", "demo", "--executor", "inline")
            assert ended.code == 1
            assert "is being worked on by ann@elsewhere (process 7) since" in ended.err
            assert "Traceback" not in ended.err
            store.release_lease(lease)
        assert scyc("resume", "demo", "--executor", "inline").code == 0


class TestKeep:
    def test_all_keeps_every_trials_weights(self, scyc: Callable[..., Ended], tmp_path: Path) -> None:
        (tmp_path / "demo.toml").write_text(TINY)
        assert scyc("sweep", "demo.toml", "--keep", "all", "--executor", "inline").code == 0
        with Store.open(f"sqlite:///{tmp_path}/scyc.db") as store:
            study = store.study("demo")
            trials = store.trials(store.open_run(study.id, "oracle").id)
        kept = set(Artifacts(study.artifacts).hashes())
        assert {trial.result.checkpoint for trial in trials if trial.result} <= kept


class TestDelete:
    def test_asks_first(self, tiny: Path, scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def no(question: str, *, abort: bool) -> None:
            asked.append(question)
            assert abort
            raise typer.Abort

        monkeypatch.setattr(typer, "confirm", no)
        assert scyc("studies", "delete", "demo").code == 1
        assert "2 finished trials" in asked[0]
        assert len(shown(scyc)) == 1

    def test_leaves_nothing(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        assert scyc("studies", "delete", "demo", "--yes").code == 0
        assert json.loads(scyc("studies", "list", "--json").out) == []
        assert [file for file in (tiny / "scyc-artifacts").rglob("*") if file.is_file()] == []
        import optuna

        assert optuna.get_all_study_names(f"sqlite:///{tiny}/scyc.db") == []


class TestList:
    def test_a_spec_that_cannot_be_read_does_not_hide_the_others(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        with Store.open(f"sqlite:///{tiny}/scyc.db") as store:
            store.create_study("newer", {"invented": 1}, "x", "memory://newer", {})
        rows = {row["study"]: row for row in json.loads(scyc("studies", "list", "--json").out)}
        assert rows["demo"]["trials"] == 2
        assert rows["newer"]["state"] == "unreadable"
        assert "invented" in rows["newer"]["error"]
        listed = scyc("studies", "list")
        assert listed.code == 0
        assert "invented" in listed.out


class TestCollect:
    def test_deletes_orphans_alone(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        artifacts = Artifacts(str(tiny / "scyc-artifacts" / "demo"))
        before = set(artifacts.hashes())
        orphan = artifacts.put(b"orphan")
        assert json.loads(scyc("studies", "gc", "--dry-run", "--json").out) == {"orphans": [orphan]}
        assert "Orphaned artifacts that were deleted: 1." in scyc("studies", "gc").out
        assert set(artifacts.hashes()) == before


class TestUpgrade:
    def test_an_outdated_database_is_upgraded_only_when_told(self, scyc: Callable[..., Ended], tmp_path: Path) -> None:
        import sqlite3

        dump = Path(__file__).parents[2] / "studies" / "revisions" / "0001-sqlite.sql"
        with sqlite3.connect(tmp_path / "scyc.db") as connection:
            connection.executescript(dump.read_text(encoding="utf-8"))
        connection.close()
        refused = scyc("studies", "list")
        assert refused.code == 2
        assert "scyc studies upgrade" in refused.err
        assert "revision 0001" in scyc("doctor", "--json").out
        assert scyc("studies", "upgrade").code == 0
        newest, *_ = migrations.revisions()
        assert f"revision {newest}, 2 studies" in scyc("doctor", "--json").out


class TestMirror:
    def test_is_made_anew(self, tiny: Path, scyc: Callable[..., Ended]) -> None:
        assert scyc("studies", "mirror", "demo").code == 2
        assert json.loads(scyc("studies", "mirror", "demo", "--rebuild", "--json").out)["mirrored_trials"] == 2


class TestExport:
    @pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
    def test_comes_back_in_another_database(self, format_: str, tiny: Path, scyc: Callable[..., Ended]) -> None:
        assert scyc("studies", "export", "demo", "--out", "out", "--format", format_).code == 0
        other = ("--db", "sqlite:///other.db")
        assert scyc("studies", "import", "out", *other).code == 0
        assert shown(scyc, "demo", *other) == shown(scyc)
        again = scyc("studies", "import", "out", *other)
        assert again.code == 2
        assert "another name" in again.err
        assert scyc("studies", "import", "out", "--name", "two", *other).code == 0
        assert os.listdir(tiny).count("other.db") == 1  # noqa: PTH208 - a name, not a path
