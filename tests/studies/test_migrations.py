"""A database that was migrated is the database that the schema describes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from studies import migrations
from studies.schema import PREFIX, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


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


def test_schema_and_migrations_agree(connection: Connection) -> None:
    migrations.upgrade(connection)
    context = MigrationContext.configure(connection, opts={"version_table": migrations.VERSION_TABLE})
    assert compare_metadata(context, metadata) == []
    migrated = described(connection)
    other = create_engine("sqlite://")
    with other.begin() as fresh:
        metadata.create_all(fresh)
        assert migrated == described(fresh)
    other.dispose()


def test_every_table_carries_the_prefix() -> None:
    assert all(name.startswith(PREFIX) for name in [*metadata.tables, migrations.VERSION_TABLE])


def test_migrations_go_back(connection: Connection) -> None:
    migrations.upgrade(connection)
    command.downgrade(migrations.config(connection), "base")
    assert described(connection) == {}
    assert migrations.current(connection) is None


def test_the_next_revision_can_be_drafted(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(migrations.SCRIPTS, tmp_path / "migrations")
    monkeypatch.setattr(migrations, "SCRIPTS", tmp_path / "migrations")
    migrations.upgrade(connection)
    connection.exec_driver_sql("CREATE TABLE trials (x)")  # somebody else's
    connection.exec_driver_sql("DROP INDEX ix_scyc_trials_state")
    command.revision(migrations.config(connection), "put it back", autogenerate=True, rev_id="9999")
    draft = (tmp_path / "migrations" / "versions" / "9999_put_it_back.py").read_text()
    assert "ix_scyc_trials_state" in draft
    assert "drop_table" not in draft
    migrations.upgrade(connection)
    assert [index["name"] for index in inspect(connection).get_indexes("scyc_trials")] == ["ix_scyc_trials_state"]
