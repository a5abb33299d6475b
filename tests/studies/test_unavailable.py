"""What may pass by itself is told from what somebody has to change."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import event

from oracle.driver.lease import driving
from studies import Artifacts, Store, StudyBusy, StudyError, StudyUnavailable, locks, retrying, sqlite_locks
from studies import postgresql as psql
from studies.database import Database
from studies.errors import TryAgain
from tests.studies.server import READER, database_of
from tests.studies.test_database import assert_one_sentence

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.studies.server import Server


def unavailable(caught: pytest.ExceptionInfo[StudyUnavailable]) -> str:
    assert_one_sentence(str(caught.value))
    return str(caught.value)


def raise_in_server(store: Store, state: str, words: str = "something is amiss") -> None:
    """Let the server raise an error of this SQLSTATE."""
    with store._database.write() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{state}'; END $$")


class TestServers:
    def test_that_nobody_reaches(self) -> None:
        with pytest.raises(StudyUnavailable, match="check that its server runs"):
            Store.open("postgresql://me@127.0.0.1:1/d")

    @pytest.mark.faults
    def test_that_stay_away(self, server: Server, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retrying, "PATIENCE", 0.1)
        with Store.open(postgresql) as store:
            server.stop()
            try:
                with pytest.raises(StudyUnavailable, match="trying again did not help") as caught:
                    store.studies()
            finally:
                server.start()
        unavailable(caught)
        assert not isinstance(caught.value, TryAgain)

    def test_that_have_too_many_connections(self, server: Server, postgresql: str) -> None:
        name = database_of(postgresql)
        server.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        try:
            with pytest.raises(StudyUnavailable, match="too many connections") as caught:
                Store.open(postgresql.replace("postgres@", f"{READER}@"))
        finally:
            server.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
        unavailable(caught)

    @pytest.mark.parametrize("state", ["53100", "53200", "57014", "58030"])
    def test_that_lack_something(self, postgresql: str, state: str) -> None:
        with Store.open(postgresql) as store, pytest.raises(StudyUnavailable) as caught:
            raise_in_server(store, state, "could not extend file: No space left on device")
        assert "free some space" in unavailable(caught)
        assert not isinstance(caught.value, TryAgain)

    @pytest.mark.parametrize("state", ["40001", "57P01", "08006"])
    def test_that_say_so_are_asked_again(self, postgresql: str, state: str) -> None:
        with Store.open(postgresql) as store, pytest.raises(TryAgain):
            raise_in_server(store, state)

    @pytest.mark.parametrize("state", ["25006", "42501", "0A000", "XX001"])
    def test_that_refuse_are_for_the_user(self, postgresql: str, state: str) -> None:
        with Store.open(postgresql) as store, pytest.raises(StudyError) as caught:
            raise_in_server(store, state)
        assert not isinstance(caught.value, StudyUnavailable)

    def test_that_somebody_locks(self, postgresql: str) -> None:
        def read_soon(store: Store) -> None:
            with store._database.write() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
                connection.exec_driver_sql("SELECT * FROM scyc_studies")

        with Store.open(postgresql) as store, store._database.write() as connection:
            connection.exec_driver_sql("LOCK scyc_studies")
            with pytest.raises(TryAgain, match=rf"another.*process {os.getpid()}.* as postgres, ") as caught:
                read_soon(store)
        assert "idle in transaction for 0 s" in unavailable(caught)

    def test_that_somebody_locks_for_a_while(
        self, postgresql: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(psql, "NOTICE_SECONDS", 0.1)
        with Store.open(postgresql) as store, Store.open(postgresql) as other, ThreadPoolExecutor(1) as thread:
            study = store.create_study("s", {}, "h", "/a", {})
            with other._database.write() as connection:
                locks.study(connection, study.id)
                waiting = thread.submit(store.acquire_lease, study.id, "me", 60)
                while not caplog.records:
                    sleep(0.01)
            assert waiting.result().holder == "me"
        assert "another process has been writing" in caplog.text
        assert f"(process {os.getpid()})" in caplog.text

    def test_that_a_frozen_process_locks(self, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(psql, "NOTICE_SECONDS", 0.1)
        monkeypatch.setattr(psql, "FROZEN_SECONDS", 0.5)
        with Store.open(postgresql) as store, Store.open(postgresql) as other:
            study = store.create_study("s", {}, "h", "/a", {})
            with pytest.raises(TryAgain), other._database.write() as connection:  # noqa: PT012
                locks.study(connection, study.id)
                assert store.acquire_lease(study.id, "me", 60).holder == "me"

    @pytest.mark.parametrize("user", ["nobody", "guarded:wrong"])
    def test_that_do_not_know_the_user_are_for_the_user(self, server: Server, user: str) -> None:
        with pytest.raises(StudyError) as caught:
            Store.open(server.url("postgres", user=user))
        assert not isinstance(caught.value, StudyUnavailable)


class TestFiles:
    def test_that_somebody_locks_for_a_while(
        self, sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr("studies.sqlite.NOTICE_SECONDS", 0.1)
        monkeypatch.setattr("studies.sqlite.BUSY_SECONDS", 0.3)
        with Store.open(sqlite) as store, closing(sqlite3.connect(tmp_path / "scyc.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StudyUnavailable, match=f"another process.*: process {os.getpid()} ") as caught:
                store.create_study("s", {}, "h", "/a", {})
            other.execute("ROLLBACK")
            store.create_study("s", {}, "h", "/a", {})
        unavailable(caught)
        assert len(caplog.records) == 1
        assert f"Another process is writing to the database: process {os.getpid()} (" in caplog.text

    def test_who_is_stopped_is_named_with_the_cure(self) -> None:
        process = subprocess.Popen(["sleep", "60"])
        known = f"process {process.pid} (sleep)"
        try:
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            said = sqlite_locks._described(str(process.pid))
            assert said == f"{known}, which is stopped; `kill -CONT {process.pid}` lets it continue"
            process.send_signal(signal.SIGCONT)
            os.waitpid(process.pid, os.WCONTINUED)
            assert sqlite_locks._described(str(process.pid)) == known
        finally:
            process.kill()
            process.wait()
        assert sqlite_locks._described(str(process.pid)) is None

    @pytest.mark.parametrize(
        "line",
        [
            "1: POSIX  ADVISORY  READ {} 00:01:{} 120 120",
            "1: POSIX  ADVISORY  WRITE {} 00:01:{} 121 123",
            "1: FLOCK  ADVISORY  WRITE {} 00:01:{} 0 EOF",
            "1: -> POSIX  ADVISORY  WRITE {} 00:01:{} 120 120",
            "1: POSIX  ADVISORY  WRITE {} 00:01:1{} 120 120",
        ],
    )
    def test_who_does_not_write_is_not_accused(
        self, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shared = tmp_path / "scyc.db-shm"
        shared.touch()
        (tmp_path / "locks").write_text(line.format(os.getpid(), shared.stat().st_ino))
        monkeypatch.setattr(sqlite_locks, "_LOCKS", tmp_path / "locks")
        assert sqlite_locks.writer(tmp_path / "scyc.db") is None
        assert sqlite_locks.writer(tmp_path / "none.db") is None

    def test_that_somebody_locks(self, sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("studies.sqlite.BUSY_SECONDS", 0.1)
        with Store.open(sqlite) as store, closing(sqlite3.connect(tmp_path / "scyc.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StudyUnavailable, match="another process") as caught:
                store.create_study("s", {}, "h", "/a", {})
            other.execute("ROLLBACK")
            store.create_study("s", {}, "h", "/a", {})
        unavailable(caught)

    def test_on_a_full_disk(self, sqlite: str) -> None:
        with Store.open(sqlite) as store:

            def fill(connection: Any, *_: Any) -> None:
                connection.execute("PRAGMA max_page_count = 1")  # as many as there are

            event.listen(store._database._engine.pool, "checkout", fill)
            with pytest.raises(StudyUnavailable, match="free some space") as caught:
                store.create_study("s", {"much": "x" * 10**6}, "h", "/a", {})
        unavailable(caught)

    @pytest.mark.parametrize("text", ["No database at all. " * 100])
    def test_that_are_something_else_are_for_the_user(self, disk: str, tmp_path: Path, text: str) -> None:
        (tmp_path / "scyc.db").write_text(text)
        with pytest.raises(StudyError) as caught:
            Store.open(disk)
        assert not isinstance(caught.value, StudyUnavailable)


@pytest.mark.parametrize(("number", "kind"), [(28, StudyUnavailable), (122, StudyUnavailable), (13, StudyError)])
def test_artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StudyError]) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(number, "It does not work")

    artifacts = Artifacts(str(tmp_path))
    monkeypatch.setattr(LocalFileSystem, "mv", fails)
    with pytest.raises(StudyError, match="cannot be written") as caught:
        artifacts.put(b"weights")
    assert type(caught.value) is kind


def test_a_driver_that_is_at_it_will_end() -> None:
    busy = pickle.loads(pickle.dumps(StudyBusy("Somebody works on it.", "me", 1)))
    assert issubclass(StudyBusy, StudyUnavailable)
    assert (str(busy), busy.holder, busy.token) == ("Somebody works on it.", "me", 1)


class TestPatience:
    """A database that is away for good is waited for once, by each thread."""

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retrying, "PATIENCE", 0.3)

    @staticmethod
    def away(*_: object) -> None:
        raise TryAgain("The database is away; wait.")

    def seconds(self, patience: retrying.Patience) -> float:
        started = monotonic()
        with pytest.raises(StudyUnavailable, match="did not help"):
            retrying.persist(self.away, patience)
        return monotonic() - started

    def test_is_over_after_the_first_time(self) -> None:
        patience = retrying.Patience()
        assert self.seconds(patience) > 0.1
        assert all(self.seconds(patience) < 0.05 for _ in range(5))

    def test_comes_back_when_the_database_does(self) -> None:
        patience = retrying.Patience()
        self.seconds(patience)
        assert retrying.persist(lambda: 1, patience) == 1
        assert self.seconds(patience) > 0.1

    def test_is_each_database_s_own(self) -> None:
        self.seconds(retrying.Patience())
        assert self.seconds(retrying.Patience()) > 0.1

    def test_is_each_thread_s_own(self) -> None:
        patience = retrying.Patience()
        with ThreadPoolExecutor(1) as other:
            other.submit(self.seconds, patience).result()
        assert self.seconds(patience) > 0.1

    def test_a_driver_ends_once_it_is_over(self, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """All that it does last fails at once: noting the time it took, giving back the lease, a last heartbeat."""
        with Store.open(sqlite) as store:
            study = store.create_study("s", {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            with pytest.raises(StudyUnavailable), driving(store, study, lifetime=0.3) as fenced:  # noqa: PT012
                monkeypatch.setattr(Database, "write", self.away)
                started = monotonic()
                try:
                    fenced.open_run(study.id, "another")
                finally:
                    for _ in range(3):
                        with pytest.raises(StudyUnavailable):
                            fenced.add_wall_seconds(run.id, 1.0)
            assert monotonic() - started < 0.6
