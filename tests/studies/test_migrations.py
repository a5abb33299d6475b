"""A database that was migrated is the database that the schema describes, and holds what it held."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from oracle.testing.records import MACHINE, RESULT, checkpoint, finish, new, result, ruled, stopped
from studies import EpochRecord, StoppedTrial, Store, StudyError, migrations, upgrade
from studies.database import Database
from studies.metadata import PREFIX, metadata
from tests.studies.server import database_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.studies.server import Server

REVISIONS = Path(__file__).parent / "revisions"
NOW = {"val_accuracy": "val", "test_accuracy": "test", "epoch": "step"}
OLD_TABLES = ("studies", "runs", "levels", "trials", "epochs", "checkpoints")


@pytest.fixture(params=["memory", "empty_postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    engine = create_engine("sqlite://" if request.param == "memory" else request.getfixturevalue(request.param))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def old(nothing: str, server: Server) -> str:
    """A database of revision 0001: a sweep, a study with every state of a trial, and the gap of a deleted one."""
    if nothing.startswith("sqlite"):
        with closing(sqlite3.connect(nothing.removeprefix("sqlite:///"))) as connection:
            connection.executescript((REVISIONS / "0001-sqlite.sql").read_text(encoding="utf-8"))
    else:
        server.execute((REVISIONS / "0001-postgresql.sql").read_text(encoding="utf-8"), database_of(nothing))
    return nothing


def described(connection: Connection) -> dict[str, Any]:
    """Everything that the inspector sees, table by table."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
            "checks": sorted((c["name"] or "", c["sqltext"]) for c in inspector.get_check_constraints(table)),
            "keys": (inspector.get_pk_constraint(table), inspector.get_foreign_keys(table)),
            "unique": inspector.get_unique_constraints(table),
            "indexes": inspector.get_indexes(table),
        }
        for table in inspector.get_table_names()
        if table != migrations.VERSION_TABLE
    }


def contents(url: str, columns: dict[str, list[str]] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables of revision 0001; only the columns asked for, if any are."""
    with closing(Database(url, create=False)) as database, database.read() as connection:
        inspector = inspect(connection)
        found = {}
        for name in OLD_TABLES:
            table = f"{PREFIX}{name}"
            there = [column["name"] for column in inspector.get_columns(table)]
            names = [one if one in there else NOW[one] for one in columns[name]] if columns else there
            rows = connection.execute(text(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2"))
            found[name] = [tuple(row) for row in rows]
        return found


def columns_of(url: str) -> dict[str, list[str]]:
    with closing(Database(url, create=False)) as database, database.read() as connection:
        inspector = inspect(connection)
        return {name: [c["name"] for c in inspector.get_columns(f"{PREFIX}{name}")] for name in OLD_TABLES}


def downgrade(url: str, revision: str) -> None:
    with closing(Database(url, create=False)) as database, database.migration() as connection:
        command.downgrade(migrations.config(connection), revision)


def test_schema_and_migrations_agree(connection: Connection, server: Server) -> None:
    migrations.upgrade(connection)
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": migrations.VERSION_TABLE,
            "include_name": lambda name, kind, _: kind != "table" or name != migrations.VERSION_TABLE,
        },
    )
    assert compare_metadata(context, metadata) == []
    migrated = described(connection)
    url = "sqlite://" if connection.dialect.name == "sqlite" else server.empty()
    other = create_engine(url)
    with other.begin() as fresh:
        metadata.create_all(fresh)
        assert migrated == described(fresh)
    other.dispose()


def test_every_table_carries_the_prefix(connection: Connection) -> None:
    migrations.upgrade(connection)
    inspector = inspect(connection)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    assert {*metadata.tables, migrations.VERSION_TABLE} <= set(names)
    assert all(name.startswith(PREFIX) for name in names)


def test_migrations_go_back(connection: Connection) -> None:
    seen = []
    for revision in reversed(migrations.revisions()):
        seen.append((described(connection), inspect(connection).get_view_names()))
        command.upgrade(migrations.config(connection), revision)
    for before in reversed(seen):
        command.downgrade(migrations.config(connection), "-1")
        assert (described(connection), inspect(connection).get_view_names()) == before
    assert described(connection) == {}
    assert migrations.current(connection) is None


class TestOldDatabases:
    def test_are_refused_until_they_are_upgraded(self, old: str) -> None:
        with pytest.raises(StudyError, match=r"at revision 0001 and this version needs .*studies upgrade"):
            Store.open(old)
        assert upgrade(old) == migrations.revisions()[0]
        with Store.open(old) as store:
            assert [study.name for study in store.studies()] == ["real", "Übung 'zwei'"]

    def test_lose_nothing(self, old: str) -> None:
        columns, before = columns_of(old), contents(old)
        assert {name: len(rows) for name, rows in before.items()} == {
            "studies": 2,
            "runs": 2,
            "levels": 3,
            "trials": 21,
            "epochs": 36,
            "checkpoints": 8,
        }
        upgrade(old)
        assert contents(old, columns) == before

    def test_are_gone_on_with(self, old: str) -> None:
        upgrade(old)
        with Store.open(old) as store:
            study = store.study("Übung 'zwei'")
            [run] = store.runs(study.id)
            trials = store.trials(run.id)
            assert {trial.state: (trial.attempts, trial.spec_hash) for trial in trials} == {
                "failed": (1, ""),
                "complete": (0, ""),
                "pending": (0, ""),
            }
            assert store.adopt_trials(run.id, "h") == 3
            asked = [replace(new(seed=trial.seed, max_lr=trial.max_lr), spec_hash="h") for trial in trials]
            assert [trial.id for trial in store.add_trials(run.id, asked)] == [trial.id for trial in trials]
            for trial in trials:
                finish(store, trial.id, RESULT)
            store.decide_level(run.id, 0, 1.0, trials[0].max_lr, False)
            assert store.acquire_lease(study.id, "me", 60).token == 1
            [next_trial] = store.add_trials(run.id, [new(level=1)])
            assert next_trial.id > 22  # that was deleted, and is never given again
            real = store.study("real")
            assert len(store.levels(store.runs(real.id)[0].id)) == 3
            assert len(store.delete_study("real")) == 8
            assert store.trials(1) == []

    def test_have_a_curve(self, old: str) -> None:
        upgrade(old)
        with closing(Database(old, create=False)) as database, database.read() as connection:
            rows = connection.execute(text("SELECT level, winner, seeds FROM scyc_oracle_curve ORDER BY level")).all()
        assert [tuple(row) for row in rows] == [(0, 0.4, 2), (1, 0.4, 2), (2, 0.2, 2)]

    def test_there_and_back_again(self, old: str) -> None:
        before = contents(old)
        upgrade(old)
        with Store.open(old) as store:  # things that revision 0001 cannot hold
            [run] = store.runs(store.study("Übung 'zwei'").id)
            [pending] = [trial for trial in store.trials(run.id) if trial.state == "pending"]
            store.retry_trial(pending.id, "out of memory")
        downgrade(old, "0001")
        assert contents(old) == before
        upgrade(old)
        with Store.open(old) as store:
            [study, _] = store.studies()
            assert len(store.trials(store.runs(study.id)[0].id, curves=True)) == 18

    def test_twins_stand_in_the_way_back(self, old: str) -> None:
        upgrade(old)
        with Store.open(old) as store:
            [run] = store.runs(store.study("real").id)
            store.add_trials(run.id, [replace(new(seed=5), spec_hash=name) for name in "ab"])
        before = contents(old)
        with pytest.raises((StudyError, IntegrityError), match=r"uq_scyc_trials|UNIQUE"):
            downgrade(old, "0001")
        assert contents(old) == before
        with Store.open(old) as store:
            assert store.revision() == migrations.revisions()[0]

    def test_foreign_keys_hold_afterwards(self, old: str) -> None:
        upgrade(old)
        with Store.open(old) as store:
            store.delete_study("real")
        left = contents(old)
        assert (left["epochs"], left["checkpoints"], len(left["trials"])) == ([], [], 3)


class TestStoppedTrials:
    """Revision 0008, with what only it can hold."""

    @pytest.fixture
    def filled(self, nothing: str) -> str:
        with Store.open(nothing) as store:
            study = store.create_study("s", {}, "hash", "memory://a", {})
            run = store.open_run(study.id, "oracle")
            asked = [ruled(2, 0.5), ruled(2, 0.5, seed=1), new(seed=2), ruled(1, 0.25, seed=3), ruled(1, 0.25, seed=4)]
            hopeless, sound, free, lost, gone = store.add_trials(run.id, asked)
            store.stop_trials([StoppedTrial(one.id, stopped(), MACHINE) for one in (hopeless, gone)])
            for trial in (sound, free):
                finish(store, trial.id, result(val=0.75), [checkpoint("a")], MACHINE)
            store.fail_trial(lost.id, "out of memory")
        return nothing

    def test_going_back_forgets_them_and_nothing_else(self, filled: str) -> None:
        columns = columns_of(filled)
        before = contents(filled)
        downgrade(filled, "0007")
        kept = [row for row in before["trials"] if "stopped" not in row]
        assert [row[:-3] for row in kept] == contents(filled)["trials"]
        assert len(kept) == 3
        assert contents(filled)["epochs"] == [row for row in before["epochs"] if row[0] in {one[0] for one in kept}]
        upgrade(filled)
        assert columns_of(filled) == columns
        assert [row[:-3] for row in contents(filled)["trials"]] == [row[:-3] for row in kept]
        with Store.open(filled) as store:
            [run] = store.runs(store.study("s").id)
            assert {(trial.stop_epoch, trial.stop_below) for trial in store.trials(run.id)} == {(None, None)}
            assert len(store.trial_machines(run.id)) == 2
            [added] = store.add_trials(run.id, [ruled(1, 0.5, seed=9)])
            assert added.id == 6  # 5 was stopped and forgotten, and is never given again
            store.stop_trials([StoppedTrial(added.id, stopped())])
            store.delete_study("s")
        assert not any(contents(filled).values())

    def test_the_version_before_is_read_as_it_is(self, filled: str) -> None:
        downgrade(filled, "0007")
        with Store.open(filled, read_only=True) as store:
            [run] = store.runs(store.study("s").id)
            found = store.trials(run.id, curves=True)
            assert [(trial.state, trial.stop_epoch) for trial in found] == [
                ("complete", None),
                ("complete", None),
                ("failed", None),
            ]
            assert store.counts(run.id)["stopped"] == 0
            assert {row["stop_below"] for row in store.dump_study("s")["trials"]} == {None}

    def test_views_of_others_stay(self, filled: str) -> None:
        query = "SELECT id, state FROM scyc_trials WHERE state <> 'stopped'"
        with closing(Database(filled, create=False)) as database:
            with database.migration() as connection:
                connection.execute(text(f"CREATE VIEW mine AS {query}"))
            if database.file is not None:  # PostgreSQL does not drop a column that a view reads, nor copy a table
                downgrade(filled, "0007")
                upgrade(filled)
            with database.read() as connection:
                assert connection.execute(text("SELECT * FROM mine")).all() == connection.execute(text(query)).all()


class TestAnyMetric:
    """Revision 0009."""

    def test_old_studies_are_read_as_they_were(self, old: str) -> None:
        before = contents(old)
        of_trial, of_epoch = columns_of(old)["trials"].index("val_accuracy"), columns_of(old)["epochs"].index("epoch")
        upgrade(old)
        with Store.open(old) as store:
            [run] = store.runs(store.study("real").id)
            trials = store.trials(run.id, curves=True)
        vals = {row[0]: row[of_trial] for row in before["trials"]}
        assert {trial.id: trial.result.val for trial in trials if trial.result} == {
            trial.id: vals[trial.id] for trial in trials if trial.result
        }
        assert {trial.result.spent for trial in trials if trial.result} == {None}
        steps = sorted((trial.id, point.step) for trial in trials if trial.result for point in trial.result.epochs)
        assert steps == sorted((row[0], row[of_epoch]) for row in before["epochs"])

    def test_the_version_before_is_read_as_it_is(self, old: str) -> None:
        upgrade(old)
        with Store.open(old) as store:
            run = store.runs(store.study("real").id)[0]
            now, rows = store.trials(run.id, curves=True), store.dump_study("real")
        downgrade(old, "0008")
        with Store.open(old, read_only=True) as store:
            assert store.trials(run.id, curves=True) == now
            assert store.dump_study("real") == rows

    @pytest.mark.parametrize(
        "change", [{"val": 18.5}, {"test": None}, {"val": None}, {"epochs": (EpochRecord(0, None, None, None),)}]
    )
    def test_what_is_no_accuracy_stands_in_the_way_back(self, old: str, change: dict[str, Any]) -> None:
        upgrade(old)
        with Store.open(old) as store:
            run = store.runs(store.study("real").id)[0]
            [trial] = store.add_trials(run.id, [new(seed=5)])
            finish(store, trial.id, result(**change, spent=2.5))
            [found] = [one for one in store.trials(run.id, curves=True) if one.id == trial.id]
            assert found.result == result(**change, spent=2.5)
        before = contents(old)
        with pytest.raises((StudyError, IntegrityError)):
            downgrade(old, "0008")
        assert contents(old) == before

    def test_views_of_others_stay(self, old: str) -> None:
        upgrade(old)
        downgrade(old, "0008")
        with closing(Database(old, create=False)) as database:
            if database.file is None:  # PostgreSQL does not drop a column that a view reads, nor change its type
                return
            with database.migration() as connection:
                connection.execute(text("CREATE VIEW mine AS SELECT id, val_accuracy AS mine FROM scyc_trials"))
            with database.read() as connection:
                before = connection.execute(text("SELECT * FROM mine")).all()
            upgrade(old)
            with database.read() as connection:
                assert connection.execute(text("SELECT * FROM mine")).all() == before


def test_rows_that_refer_to_nothing_stop_a_migration(disk: str) -> None:
    path = disk.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((REVISIONS / "0001-sqlite.sql").read_text(encoding="utf-8"))
        connection.execute("INSERT INTO scyc_epochs VALUES (999, 0, NULL, NULL, 0.5)")
        connection.commit()
    with pytest.raises(StudyError, match=r"1 rows refer to missing ones, the first in scyc_epochs\); nothing was"):
        upgrade(disk)
    with closing(Database(disk, create=False)) as database:
        assert database.revision() == "0001"


def test_the_next_revision_can_be_drafted(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(migrations.SCRIPTS, tmp_path / "migrations")
    monkeypatch.setattr(migrations, "SCRIPTS", tmp_path / "migrations")
    migrations.upgrade(connection)
    connection.exec_driver_sql("CREATE TABLE trials (x integer)")  # somebody else's
    connection.exec_driver_sql("DROP INDEX ix_scyc_trials_state")
    command.revision(migrations.config(connection), "put it back", autogenerate=True, rev_id="9999")
    draft = (tmp_path / "migrations" / "versions" / "9999_put_it_back.py").read_text()
    assert "ix_scyc_trials_state" in draft
    assert "drop_table" not in draft
    migrations.upgrade(connection)
    assert [index["name"] for index in inspect(connection).get_indexes("scyc_trials")].count(
        "ix_scyc_trials_state"
    ) == 1
