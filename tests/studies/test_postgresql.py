"""A server that is restarted, refuses, or lets a connection break at the worst moment."""

from __future__ import annotations

import inspect
import logging
import traceback
from contextlib import contextmanager
from threading import Thread, Timer
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import create_engine, event

from oracle.testing.records import RESULT, checkpoint, finish, new
from studies import LeaseLost, Store, StudyError, engine_url, retrying
from studies.errors import TryAgain
from tests.studies.server import GUARDED, PASSWORD, database_of
from tests.studies.test_database import assert_one_sentence, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, PoolProxiedConnection

    from tests.studies.server import Server

QUOTED = quote(PASSWORD, safe="")


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def kill_connections(server: Server, url: str) -> None:
    name = database_of(url)
    server.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")


class TestUrls:
    @pytest.mark.parametrize("kind", ["postgresql", "postgres", "postgresql+psycopg"])
    def test_every_way_to_write_it(self, postgresql: str, kind: str) -> None:
        url = postgresql.replace("postgresql+psycopg", kind, 1)
        with Store.open(url) as store:
            assert store.studies() == []
            assert repr(store).startswith("Store(postgresql+psycopg://postgres@/test_")
        assert engine_url(url).replace("%2F", "/") == postgresql.replace("?", "?client_encoding=utf8&")

    def test_other_programs_get_the_password_and_files_stay_files(self) -> None:
        assert engine_url("postgres://me:x@h/d") == "postgresql+psycopg://me:x@h/d?client_encoding=utf8"
        assert engine_url("postgres://me@h/d?password=x") == "postgresql+psycopg://me:x@h/d?client_encoding=utf8"
        assert engine_url("sqlite:///a.db") == "sqlite:///a.db"
        with pytest.raises(StudyError, match="unknown kind, mysql"):
            engine_url("mysql://me:secret@h/d")


class TestEncodings:
    """The server's encoding is not ours: every connection speaks UTF-8."""

    @pytest.fixture
    def url(self, request: pytest.FixtureRequest, server: Server) -> Iterator[str]:
        name = f"in_{request.param.lower()}"
        server.execute(f"CREATE DATABASE {name} ENCODING '{request.param}' TEMPLATE template0 LOCALE 'C'")
        yield server.url(name)
        server.drop(server.url(name))

    @pytest.mark.parametrize("url", ["SQL_ASCII", "EUC_JP", "UTF8"], indirect=True)
    @pytest.mark.parametrize("theirs", ["", "SQL_ASCII", "LATIN1"])
    def test_whatever_it_can_hold_comes_back(
        self, url: str, theirs: str, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if theirs:
            monkeypatch.setenv("PGCLIENTENCODING", theirs)
            url += f"&client_encoding={theirs}"
        with Store.open(url) as store:
            study = store.create_study("日本", {"workload": "日本"}, "h", "/日本", {})
            assert store.studies() == [study]
            with pytest.raises(StudyError, match="No study named '東京'"):
                store.study("東京")
        engine = create_engine(engine_url(url))
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW client_encoding").scalar() == "UTF8"
        engine.dispose()

    @pytest.mark.parametrize("url", ["LATIN1", "KOI8R", "WIN1252"], indirect=True)
    def test_what_it_cannot_hold_is_refused(self, url: str) -> None:
        with Store.open(url) as store:
            with pytest.raises(StudyError, match="use one that `createdb --encoding UTF8") as caught:
                store.create_study("日本", {}, "h", "/a", {})
            assert_one_sentence(str(caught.value))
            assert store.studies() == []
            assert store.create_study("plain", {}, "h", "/a", {}).name == "plain"

    def test_what_no_encoding_holds_is_refused(self, postgresql: str) -> None:
        with Store.open(postgresql) as store, pytest.raises(StudyError, match="cannot be stored") as caught:
            store.create_study("\udce6", {}, "h", "/a", {})
        assert_one_sentence(str(caught.value))


class TestRefusals:
    @pytest.mark.parametrize("place", ["127.0.0.1:1/d", "localhost:1/d", "/d?host=/nowhere"])
    def test_nothing_listens(self, place: str) -> None:
        assert "check that its server runs and can be reached" in refusal(f"postgresql://me:{QUOTED}@{place}")

    def test_a_host_that_is_not_there(self) -> None:
        assert "check the host" in refusal(f"postgresql://me:{QUOTED}@no.such.host.invalid/d")

    def test_a_database_that_is_not_there(self, server: Server) -> None:
        message = refusal(server.url("none"))
        assert 'database "none" does not exist' in message
        assert "createdb" in message

    def test_a_user_that_is_not_there(self, server: Server) -> None:
        message = refusal(server.url("postgres", user="nobody"))
        assert 'role "nobody" does not exist' in message
        assert "createuser" in message

    def test_passwords(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PGPASSWORD", "PGPASSFILE"):
            monkeypatch.delenv(name, raising=False)
        assert "$PGPASSWORD" in refusal(server.url("postgres", user=GUARDED))
        assert "check the user and the password" in refusal(server.url("postgres", user=f"{GUARDED}:wrong"))
        with Store.open(server.empty("own")) as store:
            assert store.studies() == []
        server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {GUARDED}", "own")
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        with Store.open(server.url("own", user=GUARDED)) as store:
            assert store.studies() == []
            with pytest.raises(StudyError, match=r"permission denied.*ask the owner") as caught:
                store.create_study("a", {}, "h", "/a", {})
        assert_one_sentence(str(caught.value))

    def test_no_right_to_create_tables(self, server: Server, empty_postgresql: str) -> None:
        url = empty_postgresql.replace("postgres@", f"{GUARDED}:{QUOTED}@")
        assert "create tables" in refusal(url)

    def test_the_administrator_says_no(self, server: Server) -> None:
        assert "administrator" in refusal(server.url("barred"))

    @pytest.mark.parametrize("query", ["sslmode=wrong", "nosuchoption=1", "connect_timeout=soon"])
    def test_options_that_make_no_sense(self, query: str) -> None:
        assert "check the URL" in refusal(f"postgresql://me:{QUOTED}@127.0.0.1/d?{query}")

    def test_values_that_make_no_sense(self, postgresql: str) -> None:
        with Store.open(postgresql) as store, pytest.raises(StudyError, match="refuses the values") as caught:
            store.create_study("a" * 300, {}, "h", "/a", {})
        assert_one_sentence(str(caught.value))

    def test_a_driver_that_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
        message = refusal("postgresql://me:secret@h/d")
        assert "scyc[postgres]" in message
        assert "psycopg" in message


class TestSecrets:
    """A password shows neither in what is printed, nor in errors and what lies below them, nor in logs."""

    URLS = (
        "postgresql://guarded:{}@/none?host={}",
        "postgresql://guarded@/none?password={}&host={}",
        "postgresql://guarded:{}@/none?sslmode=wrong&host={}",
        "postgresql://guarded:{}@/none?nosuchoption=1&host={}",
        "postgresql://guarded:{}@127.0.0.1:1/none?application_name={}",
        "postgresql://guarded:{}@127.0.0.1:port/none?application_name={}",
        "postgresql://guarded:{}@[::1/none?application_name={}",
        "postgresql+asyncpg://guarded:{}@h/none?application_name={}",
        "mysql://guarded:{}@h/none?application_name={}",
    )

    @staticmethod
    def assert_silent(text: str) -> None:
        assert PASSWORD not in text
        assert QUOTED not in text

    @pytest.mark.parametrize("url", URLS)
    def test_refused(self, server: Server, url: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with pytest.raises(StudyError) as caught:
            Store.open(url.format(QUOTED, server.socket))
        self.assert_silent("".join(traceback.format_exception(caught.value)))
        self.assert_silent(caplog.text)

    def test_accepted(self, server: Server, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        url = server.empty()
        with Store.open(url):
            pass
        server.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {GUARDED}", database_of(url))
        server.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {GUARDED}", database_of(url))
        for given in (url.replace("postgres@", f"{GUARDED}:{QUOTED}@"), f"{url}&user={GUARDED}&password={QUOTED}"):
            with Store.open(given) as store:
                study = store.create_study(given[-9:], {}, "h", "/a", {})
                kill_connections(server, url)
                assert store.study(study.name) == study
                with pytest.raises(StudyError) as caught:
                    store.open_run(7, "oracle")
                self.assert_silent("".join(traceback.format_exception(caught.value)))
                for thing in (store, store._database._engine, store._database._engine.pool, store._database._reader):
                    self.assert_silent(repr(thing))
        self.assert_silent(caplog.text)
        server.drop(url)

    def test_an_error_that_gives_it_away_is_left_out(self, postgresql: str) -> None:
        with Store.open(postgresql) as store:
            store._database._secrets = [PASSWORD]
            with pytest.raises(StudyError) as caught, store._database.read() as connection:
                connection.exec_driver_sql(f"SELECT '{PASSWORD}'::int")
        text = "".join(traceback.format_exception(caught.value, chain=True))
        assert "***" in str(caught.value)
        assert f'input syntax for type integer: "{PASSWORD}' not in text


@pytest.mark.faults
class TestRestarts:
    def test_between_two_operations(self, server: Server, postgresql: str) -> None:
        with Store.open(postgresql) as store:
            run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
            with stopped(server):
                pass
            [trial] = store.add_trials(run.id, [new()])
            with stopped(server):
                pass
            assert store.trials(run.id) == [trial]

    def test_operations_wait_for_the_server(
        self, server: Server, postgresql: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with Store.open(postgresql) as store:
            run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
            server.stop()
            later = Timer(0.5, server.start)
            later.start()
            try:
                [trial] = store.add_trials(run.id, [new()])
                assert finish(store, trial.id, RESULT, [checkpoint("a")])
            finally:
                later.join()
            assert store.counts(run.id)["complete"] == 1
        assert "Trying again for 30 seconds" in caplog.text
        assert len(caplog.records) == 1

    def test_patience_ends(self, server: Server, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retrying, "PATIENCE", 0.2)
        with Store.open(postgresql) as store:
            with stopped(server):
                for use in (store.studies, lambda: store.create_study("a", {}, "h", "/a", {})):
                    with pytest.raises(StudyError, match="trying again did not help") as caught:
                        use()
                    assert not isinstance(caught.value, TryAgain)
                    assert_one_sentence(str(caught.value))
            assert store.studies() == []

    def test_opening_does_not_wait(self, server: Server, postgresql: str) -> None:
        with stopped(server):
            assert "server runs" in refusal(postgresql)


class TestBrokenConnections:
    """The connection breaks within a transaction, where trying it before its use does not help."""

    def test_before_the_commit_everything_is_done_again(self, server: Server, postgresql: str) -> None:
        with Store.open(postgresql) as store:
            run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            broken: list[str] = []

            def breaks(connection: Connection, cursor: object, statement: str, *_: object) -> None:
                if "INSERT INTO scyc_epochs" in statement and not broken:
                    broken.append(statement)
                    kill_connections(server, postgresql)

            event.listen(store._database._engine, "before_cursor_execute", breaks)
            assert finish(store, trial.id, RESULT, [checkpoint("a")])
            assert broken
            [done] = store.trials(run.id, curves=True)
            assert done.result == RESULT
            assert len(store.checkpoints(run.id)) == 1

    @pytest.mark.parametrize("arrives", [True, False])
    def test_in_the_commit_nothing_is_done_twice(self, server: Server, postgresql: str, arrives: bool) -> None:
        with Store.open(postgresql) as store:
            study = store.create_study("s", {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            dialect = store._database._engine.dialect
            honest, breaking = dialect.do_commit, True

            def commit(connection: PoolProxiedConnection) -> None:
                nonlocal breaking
                if arrives or not breaking:
                    honest(connection)
                if breaking:
                    breaking = False
                    assert connection.dbapi_connection is not None
                    connection.dbapi_connection.close()
                    raise psycopg.OperationalError("server closed the connection unexpectedly")

            dialect.do_commit = commit  # type: ignore[assignment,method-assign]
            store.add_wall_seconds(run.id, 1.5)
            breaking = True
            assert store.retry_trial(trial.id, "out of memory") == 1
            breaking = True
            assert store.create_study("t", {}, "h", "/a", {}).name == "t"
            breaking = True
            assert store.acquire_lease(study.id, "me", 60).token == 1
            breaking = True
            assert finish(store, trial.id, RESULT)
            dialect.do_commit = honest  # type: ignore[method-assign]
            assert store.open_run(study.id, "oracle").wall_seconds == 1.5
            assert store.trials(run.id)[0].attempts == 1

    def test_a_driver_that_was_frozen_and_replaced(self, server: Server, postgresql: str) -> None:
        with Store.open(postgresql) as store:
            study = store.create_study("s", {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            fenced = store.fenced(store.acquire_lease(study.id, "frozen", 60))
            replaced: list[int] = []

            def breaks(connection: Connection, cursor: object, statement: str, *_: object) -> None:
                if "UPDATE scyc_trials" in statement and not replaced:
                    replaced.append(1)
                    kill_connections(server, postgresql)
                    server.execute("UPDATE scyc_leases SET token = 2, holder = 'heir'", database_of(postgresql))

            event.listen(store._database._engine, "before_cursor_execute", breaks)
            with pytest.raises(LeaseLost, match="heir"):
                finish(fenced, trial.id, RESULT)
            assert store.trials(run.id) == [trial]


def test_a_deadlock_is_untangled(postgresql: str) -> None:
    with Store.open(postgresql) as store:
        run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
        one, two = store.add_trials(run.id, [new(seed=0), new(seed=1)])
        text = "UPDATE scyc_trials SET round = round + 1 WHERE id = %s"

        def bump(first: int, second: int) -> None:
            def both() -> None:
                with store._database.write() as connection:
                    connection.exec_driver_sql(text, (first,))
                    connection.exec_driver_sql("SELECT pg_sleep(0.2)")
                    connection.exec_driver_sql(text, (second,))

            retrying.persist(both, retrying.Patience())

        threads = [Thread(target=bump, args=ids) for ids in ((one.id, two.id), (two.id, one.id))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [trial.round for trial in store.trials(run.id)] == [2, 2]


def test_a_reader_sees_one_moment(postgresql: str) -> None:
    with Store.open(postgresql) as store:
        run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
        [trial] = store.add_trials(run.id, [new()])
        with store._database.read() as connection:
            count = "SELECT count(*) FROM scyc_epochs"
            assert connection.exec_driver_sql(count).scalar() == 0
            finish(store, trial.id, RESULT)
            assert connection.exec_driver_sql(count).scalar() == 0
            with pytest.raises(Exception, match="read-only"):
                connection.exec_driver_sql("DELETE FROM scyc_epochs")


def test_every_method_is_persistent() -> None:
    lasting = {"open", "close", "fenced"}
    for name, method in inspect.getmembers(Store, inspect.isfunction):
        if not name.startswith("_") and name not in lasting:
            assert hasattr(method, "__wrapped__"), f"{name} does not outlast a restart of the server."
