"""What each kind of database provides, so that the rest of the package treats all kinds alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from studies import postgresql, sqlite
from studies.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine, Row, Select, Table
    from sqlalchemy.exc import DBAPIError

    from studies.row_mapping import Columns


class Dialect(Protocol):
    """A module per kind of database: `studies.sqlite`, `studies.postgresql`."""

    DRIVER: str
    """Name of the driver that is used."""

    def normalised(self, url: URL) -> URL:
        """Return the URL with its driver, and with a password only where SQLAlchemy masks it."""

    def for_reading(self, url: URL) -> URL:
        """Return a URL of the same database by which nothing can be written, nor a file made."""

    def is_for_reading(self, url: URL) -> bool:
        """Return whether a URL itself says that nothing may be written."""

    def file(self, url: URL) -> Path | None:
        """Return the file that the database is in; None for one in memory or on a server."""

    def check(self, url: URL, *, create: bool) -> None:
        """Refuse a URL where no database can be."""

    def engine_options(self, url: URL) -> dict[str, Any]:
        """Return the options of `create_engine`."""

    def prepare(self, engine: Engine) -> None:
        """Set up every connection that the engine will make."""

    def reader(self, engine: Engine) -> Engine:
        """Return an engine whose transactions see one moment of the database, and cannot write."""

    def writer(self, engine: Engine) -> Engine:
        """Return an engine whose transactions write."""

    def one_moment(self, connection: Connection) -> AbstractContextManager[None]:
        """Make sure that what a block reads is the database of one moment; raise TryAgain where it is not."""

    def migration(self, engine: Engine) -> AbstractContextManager[Connection]:
        """Open a transaction that may alter every table; processes that migrate at once take turns."""

    def clock(self, connection: Connection) -> datetime:
        """Return the present time by the clock that all users of the database share."""

    def pulse(self, reader: Engine, file: Path | None) -> str | None:
        """Return what changes with every commit, be it of another process; None where that cannot be told cheaply."""

    def identity(self, connection: Connection) -> str:
        """Return what tells a database without a file from every other, its copies included; "" of one in memory."""

    def ticket(self, connection: Connection) -> str | None:
        """Return a ticket to ask later whether this transaction was committed; None if that is never in doubt."""

    def was_committed(self, connection: Connection, ticket: str) -> bool:
        """Return whether the transaction of a ticket was committed; raise TryAgain while that is undecided."""

    def insert(self, connection: Connection, table: Table, columns: Columns) -> None:
        """Add rows, one for each item of the columns, which are of equal length; there may be none."""

    def insert_new(
        self, connection: Connection, table: Table, columns: Columns, same: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """Add the rows that are new by their unique columns, with the `same` values in each, and return them."""

    def update(self, connection: Connection, table: Table, columns: Columns, same: Mapping[str, Any]) -> None:
        """Set the other columns of the rows whose ids are in `columns["id"]`, and the `same` values in each."""

    def numbers(self, values: Sequence[int]) -> Select[Any]:
        """Return a query for these whole numbers, which may be more than a statement takes as parameters."""

    def is_mistake(self, error: DBAPIError) -> bool:
        """Return whether an error is a bug of this package, to be raised unchanged."""

    def passes_soon(self, error: DBAPIError) -> bool:
        """Return whether the same transaction may succeed a little later."""

    def may_pass(self, error: DBAPIError) -> bool:
        """Return whether it may succeed later without a change by the user: a full disk, another one's lock."""

    def advice(self, reason: str) -> str:
        """Return what to do about an error message."""

    def holder(self, engine: Engine) -> str | None:
        """Return who is writing and keeps others waiting, in words; None where that is not known."""


_DIALECTS: dict[str, Dialect] = {"sqlite": sqlite, "postgresql": postgresql, "postgres": postgresql}


def dialect_of(url: URL, name: str) -> Dialect:
    """Return the dialect that a URL asks for; `name` is the URL as it may be shown.

    Raises:
        StudyError: the kind of database, or the driver, is not supported.
    """
    kind, _, driver = url.drivername.partition("+")
    dialect = _DIALECTS.get(kind)
    if dialect is None:
        raise StudyError(
            f"The database {name} is of an unknown kind, {kind}; use a URL like sqlite:///scyc.db or "
            f"postgresql://user@host/database."
        )
    if driver not in ("", dialect.DRIVER):
        raise StudyError(
            f"The database {name} asks for the driver {driver}, which is not supported; write {kind}:// and install "
            f"{dialect.DRIVER}, for instance with pip."
        )
    return dialect
