"""Alembic runs this for every command; the connection is handed over by `studies.migrations.config`."""

from typing import Any, Literal

from alembic import context

from studies import schema
from studies.metadata import PREFIX, UtcDateTime
from studies.migrations import VERSION_TABLE


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the tables alone that other tools keep in the same database."""
    return kind != "table" or (name or "").startswith(PREFIX)


def _in_plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write revisions that do not depend on code that may change later."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.studies.metadata,  # of all tables
    version_table=VERSION_TABLE,
    include_name=_is_ours,
    render_item=_in_plain_types,
    transactional_ddl=True,  # a migration that is killed half-way leaves nothing behind
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
