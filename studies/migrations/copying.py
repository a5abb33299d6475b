"""What SQLite loses when a table is altered there, by a copy, and how it is put back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def as_it_was() -> Iterator[None]:
    """Let a block copy tables, the trials among them, and put back what is lost with the originals.

    That is every view, and the highest id of a trial: that of a deleted one is never given to another one.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        yield
        return
    last_id = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'scyc_trials'"))
    views = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY rowid")).all()
    for view in views:
        op.execute(f'DROP VIEW "{view.name}"')
    yield
    for view in views:
        connection.exec_driver_sql(view.sql)
    if last_id is not None:
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'scyc_trials'"))
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('scyc_trials', :last)"), {"last": last_id}
        )
