"""The study database: opening, checking and migrating it, transactions, and errors in full sentences."""

from __future__ import annotations

import traceback
from contextlib import closing, contextmanager
from copy import copy
from shlex import quote
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, literal_column, null
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from studies import locations, metadata, migrations, row_mapping
from studies.critical import uninterruptible
from studies.dialect import dialect_of
from studies.errors import NoDatabase, StudyError, StudyUnavailable, TryAgain
from studies.retrying import Patience, persist
from studies.urls import parse_url, secrets, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement, Table


class Database:
    """Transactions on a database, whatever its revision; `Database.open` checks that too.

    A transaction is not interrupted halfway, see `studies.critical`.

    Args:
        url: an SQLAlchemy URL, e.g. "sqlite:///scyc.db"; "sqlite://" lives in memory.
        create: whether a database that is not there may be made.
        read_only: never write, nor make a file: `write` and `migration` are refused. An SQLite URL with `mode=ro`
            says so too.

    Attributes:
        name: the URL as it may be shown, without password.
        read_only: whether nothing can be written.
        file: the file that it is in; None if it is in memory or on a server.
        dialect: how its kind of database is spoken to.
        patience: how patient each thread is with it while it is away.

    Raises:
        StudyError: the URL makes no sense, its driver is not installed, or there is no database.
    """

    def __init__(self, url: str, *, create: bool, read_only: bool = False) -> None:
        parsed = parse_url(url)
        self.dialect = dialect_of(parsed, shown(parsed))
        parsed = self.dialect.normalised(parsed)
        self.name, self._secrets = shown(parsed), secrets(parsed)
        self.read_only = read_only or self.dialect.is_for_reading(parsed)
        self.dialect.check(parsed, create=create and not self.read_only)
        if self.read_only:
            parsed = self.dialect.for_reading(parsed)
        self._engine = _engine(parsed, self.name, self.dialect.engine_options(parsed))
        self.dialect.prepare(self._engine)
        self._reader, self._writer = self.dialect.reader(self._engine), self.dialect.writer(self._engine)
        file = self.dialect.file(parsed)
        self.file = None if file is None else file.resolve()
        self.patience = Patience()
        self._guard: Callable[[Connection], None] | None = None

    @classmethod
    def open(cls, url: str, *, create: bool, read_only: bool = False) -> Database:
        """Open a database at the newest revision; if `create` is true, a new one is made.

        Args:
            url: as above.
            create: as above.
            read_only: as above; nothing is created then.

        Raises:
            StudyError: as above, or the database cannot be used, holds no studies, or is older or newer than this
                version.
        """
        database = cls(url, create=create, read_only=read_only)
        try:
            database._check_revision(create=create and not database.read_only)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close every connection; on a guarded database this does nothing."""
        if self._guard is None:
            self._engine.dispose()

    def guarded(self, guard: Callable[[Connection], None]) -> Database:
        """Return the same database, but call `guard` first in every transaction that writes."""
        twin = copy(self)
        twin._guard = guard
        return twin

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads, and sees the database as it is at one moment.

        Raises:
            TryAgain: the connection broke, or could not be made just now.
            StudyError: the database cannot be used.
        """
        with (
            uninterruptible(),
            self._in_sentences(),
            self._reader.begin() as connection,
            self.dialect.one_moment(connection),
            row_mapping.readable(self.name),
        ):
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: committed as a whole, or not at all.

        Raises:
            TryAgain: as above; nothing was written.
            StudyError: the database cannot be used, refuses the values, or was opened for reading alone; nothing was
                written.
        """
        self._check_writable()
        with uninterruptible(), self._in_sentences(), self._writer.connect() as connection:
            transaction = connection.begin()
            if self._guard is not None:
                self._guard(connection)
            yield connection
            ticket = self.dialect.ticket(connection)
            try:
                transaction.commit()
            except DBAPIError as error:
                if not (ticket and self.dialect.passes_soon(error) and self._was_committed(ticket)):
                    raise

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """Open a transaction that may alter every table.

        Raises:
            StudyError: the database cannot be used, or was opened for reading alone; nothing was changed.
        """
        self._check_writable()
        with uninterruptible(), self._in_sentences(), self.dialect.migration(self._engine) as connection:
            yield connection

    def stored(self, url: str) -> str:
        """Return what the tables say of the artifact store at a URL; see `studies.locations`."""
        return locations.stored(url, self.file.parent if self.file else None)

    def resolved(self, text: str) -> str:
        """Return the folder or URL of an artifact store that the tables speak of."""
        return locations.resolved(text, self.file.parent if self.file else None)

    def columns(self, connection: Connection, table: Table) -> list[ColumnElement[Any]]:
        """Return the columns of a table, under their names of today.

        Where a former version's database is opened for reading, it may call a column otherwise; NULL for one it lacks.
        """
        if not self.read_only:
            return list(table.c)
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        return [column if column.name in there else _formerly(column, there) for column in table.c]

    def clock(self, connection: Connection) -> datetime:
        """Return the present time by the clock that all users of the database share."""
        return self.dialect.clock(connection)

    def pulse(self) -> str | None:
        """Return what changes with every commit; None where that cannot be told cheaply."""
        with uninterruptible(), self._in_sentences():
            return self.dialect.pulse(self._reader, self.file)

    def revision(self) -> str | None:
        """Return the revision of the schema, None where there are no tables yet."""
        with self.read() as connection:
            return migrations.current(connection)

    def recognised(self, revision: str | None) -> str:
        """Return `revision` if this version knows it.

        Raises:
            StudyError: there are no tables, or a newer version made them.
        """
        if revision is None:
            raise NoDatabase(f"The database {self.name} holds no studies; check the URL, or start a study in it.")
        if revision not in migrations.revisions():
            raise StudyError(
                f"The database {self.name} is at revision {revision}, which this version does not know; "
                f"install the newer version that wrote it."
            )
        return revision

    def _check_revision(self, *, create: bool) -> None:
        found, newest = self.revision(), migrations.revisions()[0]
        if found is None and create:
            with self.migration() as connection:
                migrations.upgrade(connection)  # does nothing where another process was quicker
                found = migrations.current(connection)
        if self.recognised(found) != newest and not (self.read_only and found in migrations.READABLE):
            raise StudyError(
                f"The database {self.name} is at revision {found} and this version needs {newest}; back it up, "
                f"then upgrade it with `scyc studies upgrade --db {quote(self.name)}`."
            )

    def _check_writable(self) -> None:
        if self.read_only:
            raise StudyError(
                f"This store was opened for reading alone, so nothing was written to {self.name}; open it for writing: "
                f"without `read_only`, and without mode=ro in the URL."
            )

    def _was_committed(self, ticket: str) -> bool:
        """Return whether the transaction of a ticket was committed although its connection broke meanwhile."""

        def ask() -> bool:
            with self.read() as connection:
                return self.dialect.was_committed(connection, ticket)

        return persist(ask, self.patience)

    @contextmanager
    def _in_sentences(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, UnicodeError, NoConnectionLeft) as error:
            if isinstance(error, DBAPIError) and self.dialect.is_mistake(error):
                raise
            # The driver's own words go with the error, unless they give the password away.
            raise self._sentence(error) from (None if self._tells(error) else error)

    def _sentence(self, error: DBAPIError | UnicodeError | NoConnectionLeft) -> StudyError:
        if isinstance(error, NoConnectionLeft):
            return StudyUnavailable(f"Every connection of this process to {self.name} is in use; try again later.")
        if isinstance(error, UnicodeError):
            return StudyError(f"A text cannot be stored in the database {self.name} ({error}); nothing was written.")
        reason = self._masked(str(error.orig).strip().partition("\n")[0].rstrip("."))
        if isinstance(error, IntegrityError | DataError) and "encoding" not in reason:
            return StudyError(f"The database {self.name} refuses the values ({reason}); nothing was written.")
        kind = StudyUnavailable if self.dialect.may_pass(error) else StudyError
        if self.dialect.passes_soon(error):
            kind = TryAgain
        advice = self.dialect.advice(reason)
        if "lock" in reason and (who := self.dialect.holder(self._engine)) is not None:
            advice += f": {who}"
        return kind(f"The database {self.name} cannot be used ({reason}); {advice}.")

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _tells(self, error: Exception) -> bool:
        return any(self._masked(part) != part for part in traceback.format_exception(error) if self._secrets)


def upgrade(url: str) -> str:
    """Bring an existing database to the newest revision of the schema; back it up first.

    Returns:
        Its revision now.

    Raises:
        StudyError: it cannot be opened, holds no studies, or is at a revision that this version does not know.
    """
    with closing(Database(url, create=False)) as database, database.migration() as connection:
        database.recognised(migrations.current(connection))
        migrations.upgrade(connection)
    return migrations.revisions()[0]


def _formerly(column: Column[Any], there: Collection[str]) -> ColumnElement[Any]:
    """Return a column of a table that has these columns, and not that one, under its name of today."""
    former = column.info.get(metadata.FORMERLY)
    if former not in there:
        return null().label(column.name)
    return literal_column(f"{column.table.name}.{former}", column.type).label(column.name)


def _engine(url: URL, name: str, options: dict[str, Any]) -> Engine:
    try:
        return create_engine(url, **options)
    except ImportError as error:
        raise StudyError(
            f"The database {name} needs the driver {error.name or url.get_driver_name()}, which is not installed; "
            f"install it with `pip install 'scyc[postgres]'`."
        ) from error
    except (ArgumentError, TypeError, ValueError):
        raise StudyError(
            f"The URL of the database {name} has an option or a value behind the question mark that its driver does "
            f"not know; check the URL."
        ) from None
