"""Readers never write: not as someone who may not, not beside the file, and not while somebody else writes."""

from __future__ import annotations

import inspect
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import event

from oracle.testing.records import ANSWERS, GRADIENTS, MACHINE, checkpoint, finish, new, result, ruled, stopped
from studies import Lease, MeasurementRecord, StoppedTrial, Store, StudyError, StudyNotFound, upgrade
from studies.errors import TryAgain
from tests.studies.permissions import sealed
from tests.studies.server import READER, database_of
from tests.studies.test_database import assert_one_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.studies.server import Server

SOON = 10.0  # seconds; whoever waits for a lock waits for 60

MEASURED = MeasurementRecord(level=0, seed=0, parent=None, value=1.0, epochs=1.0)


def fill(url: str) -> None:
    """Put something into every table."""
    with Store.open(url) as store:
        study = store.create_study("s", {"levels": 2}, "h", "memory://a", {})
        run = store.open_run(study.id, "oracle")
        done, lost, _ = store.add_trials(run.id, [new(seed=seed) for seed in range(3)])
        finish(store, done.id, result(gradients=GRADIENTS, answers=ANSWERS), [checkpoint("a")], MACHINE)
        store.fail_trial(lost.id, "out of memory")
        [hopeless] = store.add_trials(run.id, [ruled(2, 0.5, seed=9)])
        store.stop_trials([StoppedTrial(hopeless.id, stopped(), MACHINE)])
        store.decide_level(run.id, 0, 1.0, 0.1, False)
        store.decide_level(run.id, 1, 0.8, 0.2, True)
        store.reopen_levels(run.id, 1)
        store.add_measurement(run.id, MEASURED)
        store.add_wall_seconds(run.id, 1.0)
        store.extend_study(study.id, {"levels": 3}, "i")
        store.add_launch("s", "resume", {"options": {}})
        store.acquire_lease(study.id, "me", 1000)


def everything(store: Store) -> dict[str, Any]:
    """What each of the methods returns that only read."""
    study = store.study("s")
    run = store.find_run(study.id, "oracle")
    assert run is not None
    tenure = store.tenure(study.id)
    return {
        "study": study,
        "find_run": run,
        "study_names": store.study_names(),
        "find_study": store.find_study("s"),
        "studies": store.studies(),
        "spec_history": store.spec_history(study.id),
        "runs": store.runs(study.id),
        "levels": store.levels(run.id, history=True),
        "trials": store.trials(run.id, curves=True),
        "counts": store.counts(run.id),
        "machines": store.machines(study.id),
        "trial_machines": store.trial_machines(run.id),
        "trial_starts": store.trial_starts(run.id),
        "finished_since": store.finished_since(run.id, study.created_at),
        "epochs_trained": store.epochs_trained(run.id),
        "checkpoints": store.checkpoints(run.id),
        "with_weights": store.with_weights(run.id, 0),
        "gradients": store.gradients(run.id),
        "answers": store.answers(run.id, "test"),
        "measurements": store.measurements(run.id),
        "tenure": tenure and tenure.holder,
        "pulse": (store.pulse() is not None) or store.url == "sqlite://",
        "stop_asked": store.stop_asked(Lease(study.id, 1, "me", study.created_at, study.created_at)),
        "stop_seen": store.stop_seen(study.id, 1),
        "launches": [launch.state for launch in store.launches("s")],
        "launch": store.launch(store.launches("s")[0].id),
        "dump_study": store.dump_study("s"),
        "artifact_stores": store.artifact_stores(),
        "users_of": store.users_of("/a"),
        "listed_in": store.listed_in("/a"),
        "weights_of": store.weights_of(study.id),
        "study_name": store.study_name(study.id),
        "changes": store.changes(study.id),
        "finished_between": store.finished_between(study.id, None, None, 10),
        "workers": store.workers(study.id),
        "trial_page": store.trial_page(study.id, most=10),
        "find_trial": store.find_trial(study.id, 1),
        "candidates": store.candidates(run.id, 0, [0, 1, 2], "", []),
        "left_by": store.left_by(run.id, 0, 0.1, {}),
        "seconds_trained": store.seconds_trained(run.id),
        "identity": store.identity() != "",
        "revision": store.revision(),
    }


def writes(store: Store) -> dict[str, Any]:
    """A call of each of the methods that write."""
    lease = Lease(1, 1, "me", datetime.now(UTC), datetime.now(UTC))
    return {
        "create_study": lambda: store.create_study("t", {}, "h", "/a", {}),
        "extend_study": lambda: store.extend_study(1, {}, "j"),
        "delete_study": lambda: store.delete_study("s"),
        "open_run": lambda: store.open_run(1, "oracle"),
        "delete_run": lambda: store.delete_run(1),
        "add_wall_seconds": lambda: store.add_wall_seconds(1, 1.0),
        "decide_level": lambda: store.decide_level(1, 1, 0.8, 0.1, False),
        "reopen_levels": lambda: store.reopen_levels(1, 0),
        "add_trials": lambda: store.add_trials(1, [new()]),
        "adopt_trials": lambda: store.adopt_trials(1, "h"),
        "keep_checkpoints": lambda: store.keep_checkpoints(1, []),
        "forget_checkpoints": lambda: store.forget_checkpoints([1]),
        "finish_trials": lambda: finish(store, 1, result()),
        "stop_trials": lambda: store.stop_trials([StoppedTrial(3, stopped())]),
        "fail_trial": lambda: store.fail_trial(3, "error"),
        "retry_trial": lambda: store.retry_trial(3, "error"),
        "requeue_failed": lambda: store.requeue_failed(1),
        "add_measurement": lambda: store.add_measurement(1, MEASURED),
        "acquire_lease": lambda: store.acquire_lease(1, "me", 60),
        "renew_lease": lambda: store.renew_lease(lease, 60),
        "release_lease": lambda: store.release_lease(lease),
        "ask_to_stop": lambda: store.ask_to_stop(1, "pause"),
        "see_stop": lambda: store.see_stop(lease),
        "end_lease": lambda: store.end_lease(1, 1),
        "add_launch": lambda: store.add_launch("s", "resume", {}),
        "begin_launch": lambda: store.begin_launch("x", 1),
        "end_launch": lambda: store.end_launch("x", 1, "ended"),
        "refuse_launch": lambda: store.refuse_launch("x", ""),
        "withdraw_launches": lambda: store.withdraw_launches("s"),
        "remember_artifacts": lambda: store.remember_artifacts("/b"),
        "forget_artifacts": lambda: store.forget_artifacts("/a"),
        "move_artifacts": lambda: store.move_artifacts("/a", "/b"),
        "place_study": lambda: store.place_study(1, "/b"),
        "add_provenance": lambda: store.add_provenance(1, "trained_on", {}),
        "load_study": lambda: store.load_study(store.dump_study("s"), name="copy"),
    }


def read(url: str) -> dict[str, Any]:
    with Store.open(url, read_only=True) as store:
        return everything(store)


@pytest.fixture
def filled(common: str) -> str:
    """A database with something in every table, that several processes can use at once."""
    fill(common)
    return common


@pytest.fixture
def folder(migrated: Path) -> Iterator[Path]:
    """A folder that everybody may enter, with nothing in it but a filled file."""
    with tempfile.TemporaryDirectory(prefix="scyc-reading-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(migrated, folder / "scyc.db")
        fill(f"sqlite:///{folder}/scyc.db")
        yield folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ways_to_read(folder: Path) -> list[dict[str, Any]]:
    """Every way to say that a file is to be read alone."""
    uri = f"sqlite:///file:{folder}/scyc.db?mode=ro&uri=true"
    return [{"url": f"sqlite:///{folder}/scyc.db", "read_only": True}, {"url": uri, "read_only": True}, {"url": uri}]


class TestAnyDatabase:
    def test_a_reader_sees_what_a_writer_does(self, filled: str) -> None:
        with Store.open(filled) as store:
            expected = everything(store)
        assert read(filled) == expected

    def test_nothing_can_be_written(self, filled: str) -> None:
        before = read(filled)
        with Store.open(filled, read_only=True) as store:
            for write in writes(store).values():
                with pytest.raises(StudyError, match="opened for reading alone") as caught:
                    write()
                assert_one_sentence(str(caught.value))
            with pytest.raises(StudyError, match="opened for reading alone"), store._database.migration():
                pass
        assert read(filled) == before

    def test_every_method_is_one_or_the_other(self, filled: str) -> None:
        of_the_store_itself = {"open", "close", "fenced"}
        methods = {name for name, _ in inspect.getmembers(Store, callable) if not name.startswith("_")}
        with Store.open(filled, read_only=True) as store:
            assert everything(store).keys() | writes(store).keys() == methods - of_the_store_itself

    def test_what_is_committed_later_is_seen(self, filled: str) -> None:
        with Store.open(filled, read_only=True) as reader:
            for name in "ab":
                with Store.open(filled) as store:
                    store.create_study(name, {}, "h", "/a", {})
                    assert reader.studies()[-1].name == name
                assert reader.studies()[-1].name == name

    def test_a_run_that_is_not_there_is_none(self, filled: str) -> None:
        with Store.open(filled, read_only=True) as store:
            study = store.study("s")
            assert store.find_run(study.id, "scyc") is None
            assert store.find_run(77, "oracle") is None
            assert len(store.runs(study.id)) == 1

    def test_nothing_is_made(self, nothing: str) -> None:
        for again in range(2):
            with pytest.raises(StudyError, match=r"no database at|holds no studies"):
                Store.open(nothing, create=again == 0, read_only=True)


class TestFiles:
    def test_without_permission_to_write_anything(self, folder: Path) -> None:
        expected = read(f"sqlite:///{folder}/scyc.db")
        with sealed(folder):
            with pytest.raises(PermissionError):
                (folder / "other").touch()
            for way in ways_to_read(folder):
                with Store.open(**way) as store:
                    assert everything(store) == expected
                    with pytest.raises(StudyError, match="opened for reading alone"):
                        store.create_study("t", {}, "h", "/a", {})

    def test_nothing_is_left_beside_it(self, folder: Path) -> None:
        before = (folder / "scyc.db").stat()
        for way in ways_to_read(folder):
            with Store.open(**way) as store:
                everything(store)
                assert names(folder) == ["scyc.db"]
        assert names(folder) == ["scyc.db"]
        assert (folder / "scyc.db").stat().st_mtime_ns == before.st_mtime_ns

    @pytest.mark.parametrize("name", ["a b.db", "100%.db", "a#b.db", "ü.db"])
    def test_whatever_it_is_called(self, folder: Path, name: str) -> None:
        expected = read(f"sqlite:///{folder}/scyc.db")
        (folder / "scyc.db").rename(folder / name)
        assert read(f"sqlite:///{folder}/{name}") == expected

    def test_what_is_not_there(self, folder: Path) -> None:
        for way in ways_to_read(folder / "none"):
            with pytest.raises(StudyError, match=r"The folder .*none of the database does not exist"):
                Store.open(**way)
        (folder / "scyc.db").unlink()
        for way in ways_to_read(folder):
            with pytest.raises(StudyError, match=r"There is no database at .*scyc\.db"):
                Store.open(**way)
        assert names(folder) == []

    def test_what_may_not_be_read(self, folder: Path) -> None:
        (folder / "scyc.db").chmod(0o000)
        for way in ways_to_read(folder):
            with sealed(folder), pytest.raises(StudyError, match=r"unable to open.*permissions") as caught:
                Store.open(**way)
            assert_one_sentence(str(caught.value))

    def test_no_database_lives_in_memory_for_others_to_read(self) -> None:
        with pytest.raises(StudyError, match="holds no studies"):
            Store.open("sqlite://", read_only=True)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """A writer that has committed a study, which is in no file but -wal yet, and is in the middle of more."""
    with closing(sqlite3.connect(folder / "scyc.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO scyc_studies SELECT 7, 'new', spec, 'h', '/a', '{}', created_at FROM scyc_studies"
        )
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE scyc_studies SET name = 'half' WHERE name = 's'")
        yield


KILLED = """
import os, signal, sys
from studies import Store
store = Store.open(sys.argv[1])
store.create_study("new", {}, "h", "/a", {})
os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_a_writer(folder: Path) -> None:
    """Leave what was written last in -wal."""
    subprocess.run([sys.executable, "-c", KILLED, f"sqlite:///{folder}/scyc.db"], check=False, timeout=60)
    assert names(folder) == ["scyc.db", "scyc.db-shm", "scyc.db-wal"]


class TestFilesOfWriters:
    @pytest.mark.parametrize("is_sealed", [True, False])
    def test_a_writer_in_the_middle_of_it_is_not_waited_for(self, folder: Path, is_sealed: bool) -> None:
        with writing(folder):
            started = time.monotonic()
            if is_sealed:
                with sealed(folder):
                    found = read(f"sqlite:///{folder}/scyc.db")
            else:
                found = read(f"sqlite:///{folder}/scyc.db")
            assert time.monotonic() - started < SOON
        assert [study.name for study in found["studies"]] == ["s", "new"]
        assert names(folder) == ["scyc.db"]

    @pytest.mark.faults
    @pytest.mark.parametrize("is_sealed", [True, False])
    def test_what_a_killed_writer_committed_is_there(self, folder: Path, is_sealed: bool) -> None:
        kill_a_writer(folder)
        size = (folder / "scyc.db-wal").stat().st_size
        if is_sealed:
            with sealed(folder):
                found = read(f"sqlite:///{folder}/scyc.db")
        else:
            found = read(f"sqlite:///{folder}/scyc.db")
        assert [study.name for study in found["studies"]] == ["s", "new"]
        assert (folder / "scyc.db-wal").stat().st_size == size

    @pytest.mark.faults
    def test_what_cannot_be_read_without_writing_is_said(self, folder: Path) -> None:
        kill_a_writer(folder)
        (folder / "scyc.db-shm").unlink()
        url = f"sqlite:///{folder}/scyc.db"
        with sealed(folder), pytest.raises(StudyError, match=r"together with scyc\.db-wal.*studies upgrade") as caught:
            Store.open(url, read_only=True)
        assert_one_sentence(str(caught.value))
        upgrade(url)
        assert names(folder) == ["scyc.db"]
        with sealed(folder):
            assert [study.name for study in read(url)["studies"]] == ["s", "new"]

    def test_an_empty_one_does_not_matter(self, folder: Path) -> None:
        (folder / "scyc.db-wal").touch()
        with sealed(folder):
            assert len(read(f"sqlite:///{folder}/scyc.db")["studies"]) == 1

    def test_what_is_written_meanwhile_is_noticed(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/scyc.db"
        with Store.open(url, read_only=True) as reader:
            read_twice: list[int] = []

            def interfere(*_: object) -> None:
                read_twice.append(1)
                if len(read_twice) == 1:
                    with Store.open(url) as store:
                        store.create_study("new", {}, "h", "/a", {})

            with pytest.raises(TryAgain, match="written to while"), reader._database.read(), Store.open(url) as store:
                store.add_wall_seconds(1, 1.0)
            event.listen(reader._database._engine, "before_cursor_execute", interfere)
            assert [study.name for study in reader.studies()] == ["s", "new"]
            assert len(read_twice) > 1


class TestServers:
    @pytest.fixture
    def as_reader(self, server: Server, postgresql: str) -> str:
        """The URL of a filled database, as a role that may SELECT and nothing else."""
        fill(postgresql)
        server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}", database_of(postgresql))
        return postgresql.replace("postgres@", f"{READER}@")

    def test_a_role_that_may_only_select(self, postgresql: str, as_reader: str) -> None:
        assert read(as_reader) == read(postgresql)
        with Store.open(as_reader) as store, pytest.raises(StudyError, match="permission denied"):
            store.create_study("t", {}, "h", "/a", {})

    def test_a_role_whose_transactions_are_read_only(self, server: Server, postgresql: str, as_reader: str) -> None:
        server.execute(f"ALTER ROLE {READER} SET default_transaction_read_only = on")
        try:
            assert read(as_reader) == read(postgresql)
        finally:
            server.execute(f"ALTER ROLE {READER} RESET default_transaction_read_only")

    @pytest.mark.faults
    def test_a_standby(self, server: Server, postgresql: str, as_reader: str) -> None:
        expected = read(postgresql)
        with server.standby():
            assert server.execute("SELECT pg_is_in_recovery()") == [(True,)]
            assert read(as_reader) == read(postgresql) == expected
            with Store.open(postgresql) as store, pytest.raises(StudyError, match="read-only copy"):
                store.create_study("t", {}, "h", "/a", {})
        assert read(postgresql) == expected

    def test_rows_that_are_taken_are_not_waited_for(self, server: Server, postgresql: str, as_reader: str) -> None:
        with psycopg.connect(host=server.socket, user="postgres", dbname=database_of(postgresql)) as other:
            for table in ("studies", "runs", "trials", "levels", "leases"):
                other.execute(f"SELECT * FROM scyc_{table} FOR UPDATE".encode())
            other.execute("UPDATE scyc_studies SET name = 'half'")
            started = time.monotonic()
            assert read(as_reader)["study"].name == "s"
            with Store.open(as_reader, read_only=True) as store, pytest.raises(StudyNotFound):
                store.study("half")
            assert time.monotonic() - started < SOON
