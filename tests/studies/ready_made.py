"""SQLite databases that get their tables at once: going through all migrations takes longer than most tests."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import pytest

from studies import Store, migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@cache
def statements() -> list[str]:
    """What creates the tables of the newest revision, from a dump of a database that was migrated."""
    with Store.open("sqlite://") as store, store._database.read() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        return [line for line in raw.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]


@contextmanager
def ready_made() -> Iterator[pytest.MonkeyPatch]:
    """Within the block, give new SQLite databases their tables at once."""
    wanted, migrate = statements(), migrations.upgrade

    def upgrade(connection: Connection) -> None:
        if connection.dialect.name == "sqlite" and migrations.current(connection) is None:
            for statement in wanted:
                connection.exec_driver_sql(statement)
        else:
            migrate(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrations, "upgrade", upgrade)
        yield patched
