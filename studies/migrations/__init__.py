"""The history of the schema, as Alembic revisions that travel with the package.

The next revision is written by `alembic.command.revision(config(connection), "what changes", autogenerate=True)`
over a connection to a database at the newest one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCRIPTS = Path(__file__).parent
READABLE = frozenset({"0004", "0005", "0006", "0007", "0008", "0009", "0010"})
"""Former revisions whose databases can be read as they are: what came after is of no concern to readers."""

VERSION_TABLE = "scyc_version"  # not Alembic's default name, which other tools use in the same database


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, with the connection that `env.py` is to work on."""
    alembic = Config(attributes={"connection": connection})
    alembic.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    alembic.set_main_option("path_separator", "os")
    return alembic


def revisions() -> list[str]:
    """Return the known revisions, newest first."""
    return list(_revisions_in(SCRIPTS))


@cache  # the scripts are compiled again each time that they are read
def _revisions_in(scripts: Path) -> tuple[str, ...]:  # noqa: ARG001 - `config` names them
    return tuple(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())


def current(connection: Connection) -> str | None:
    """Return the revision that a database is at, None if it holds no studies yet."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest revision, inside the transaction that the caller has begun."""
    command.upgrade(config(connection), "head")
