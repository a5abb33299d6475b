"""Everything specific to SQLite: its file, its pragmas, its locks and what its errors mean."""

from __future__ import annotations

import json
import logging
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR, SQLITE_LOCKED, SQLITE_NOMEM, OperationalError
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, QueuePool, bindparam, event, func, select
from sqlalchemy.dialects.sqlite import insert as insert_into
from sqlalchemy.exc import InterfaceError, ProgrammingError

from studies import sqlite_locks, sqlite_reading
from studies.errors import NoDatabase, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Connection, Engine, Row, Select, Table
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import ConnectionPoolEntry

    from studies.row_mapping import Columns

DRIVER = "pysqlite"
BUSY_SECONDS = 60  # how long a writer waits for its turn
NOTICE_SECONDS = 5  # after which it says for whom
WRITES = "writes"  # execution option of an engine whose transactions write

_log = logging.getLogger(__name__)

_ADVICE = {
    "not a database": "give the path of another file",
    "readonly": "ask for permission to write the file and its folder",
    "unable to open": "check that its folder exists, and your permissions there",
    "locked": f"another process has been writing for over {BUSY_SECONDS} seconds; try again when it is done",
    "full": "free some space on the disk, then try again",
    "malformed": "the file is damaged; restore it from a backup",
}

_MAY_PASS = (SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_NOMEM, SQLITE_IOERR)


def normalised(url: URL) -> URL:
    """Return the URL as it is."""
    return url


def for_reading(url: URL) -> URL:
    """Return a URL of the same file for reading alone; nobody else can read a database in memory."""
    return url if _is_memory(url) else sqlite_reading.url_for_reading(url)


def is_for_reading(url: URL) -> bool:
    """Return whether a URL itself says that nothing may be written."""
    return sqlite_reading.is_for_reading(url)


def file(url: URL) -> Path | None:
    """Return the file that the database is in; None for one in memory."""
    if _is_memory(url):
        return None
    return sqlite_reading.file_of(url.database or "") if "uri" in url.query else Path(str(url.database))


def check(url: URL, *, create: bool) -> None:
    """Refuse a path where no database can be, before SQLite makes an empty file of it.

    Raises:
        StudyError: the folder is missing, the path is a folder, or nothing is there and `create` is false.
    """
    path = file(url)
    if path is None or ("uri" in url.query and not is_for_reading(url)):
        return
    path = path.absolute()
    try:
        is_folder, has_folder, exists = path.is_dir(), path.parent.is_dir(), path.exists()
    except OSError as error:
        raise StudyError(f"The database {path} cannot be reached ({error.strerror}); check its folder.") from error
    if is_folder:
        raise StudyError(f"The database {path} is a folder; give the path of a file.")
    if not has_folder:
        raise StudyError(f"The folder {path.parent} of the database does not exist; create it first.")
    if not create and not exists:
        raise NoDatabase(f"There is no database at {path}; check the path, or start a study to create it.")


def engine_options(url: URL) -> dict[str, Any]:
    """Return the options of `create_engine`."""
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}}
    if is_for_reading(url):
        options["poolclass"] = NullPool  # how it may be opened is a new question every time
    if _is_memory(url):
        # The database lives in its connection: keep exactly one, and let the threads take turns.
        options["connect_args"]["check_same_thread"] = False
        options |= {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
    return options


def prepare(engine: Engine) -> None:
    """Make every connection enforce foreign keys, and every transaction begin as one that writes or does not."""
    if is_for_reading(engine.url):
        event.listen(engine, "do_connect", sqlite_reading.connect)
    else:
        event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def reader(engine: Engine) -> Engine:
    """Return an engine whose transactions see one moment of the database."""
    return engine


def writer(engine: Engine) -> Engine:
    """Return an engine whose transactions write, one at a time."""
    return engine.execution_options(**{WRITES: True})


def one_moment(connection: Connection) -> AbstractContextManager[None]:
    """Make sure that what the block reads is the database of one moment; raise TryAgain where it is not."""
    return sqlite_reading.one_moment(connection)


@contextmanager
def migration(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that may alter every table.

    SQLite alters a table by copying it and dropping the original. With foreign keys on, that would delete everything
    below it, so they are off meanwhile and checked at the end; they cannot be switched within a transaction.

    Raises:
        StudyError: a row would refer to another one that is not there; nothing was changed.
    """
    with writer(engine).connect() as connection:
        driver = connection.connection.cursor()
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if orphans:
                    raise StudyError(
                        f"The tables of {engine.url.database} do not fit together ({len(orphans)} rows refer to "
                        f"missing ones, the first in {orphans[0][0]}); nothing was changed: restore a backup."
                    )
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
            driver.close()


def clock(connection: Connection) -> datetime:  # noqa: ARG001 - whoever opens the file is on its machine
    """Return this machine's time, which SQLite would answer too."""
    return datetime.now(UTC)


def pulse(reader: Engine, file: Path | None) -> str | None:  # noqa: ARG001
    """Return when the file and its write-ahead log last changed; None of a database in memory."""
    return None if file is None else sqlite_reading.pulse(file)


def identity(connection: Connection) -> str:  # noqa: ARG001
    """Return "": a file is known by its path, and a database in memory ends with its process."""
    return ""


def ticket(connection: Connection) -> str | None:  # noqa: ARG001
    """Return None: a commit succeeds or fails in this process, which is never in doubt."""
    return None


def was_committed(connection: Connection, ticket: str) -> bool:  # noqa: ARG001
    """Return False; never asked, as there are no tickets."""
    return False


def insert(connection: Connection, table: Table, columns: Columns) -> None:
    """Add rows, one for each item of the columns."""
    rows = _rows(columns)
    if rows:
        connection.execute(table.insert(), rows)


def insert_new(connection: Connection, table: Table, columns: Columns, same: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Add the rows that are new, and return them."""
    rows = [{**row, **same} for row in _rows(columns)]
    return connection.execute(insert_into(table).on_conflict_do_nothing().returning(table), rows).all() if rows else []


def update(connection: Connection, table: Table, columns: Columns, same: Mapping[str, Any]) -> None:
    """Set the other columns of the rows whose ids are in `columns["id"]`."""
    rows = _rows({"of" if name == "id" else name: values for name, values in columns.items()})
    if rows:
        connection.execute(table.update().where(table.c.id == bindparam("of")).values(same), rows)


def _rows(columns: Columns) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def numbers(values: Sequence[int]) -> Select[Any]:
    """Return a query for these whole numbers, given as one JSON text."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


def is_mistake(error: DBAPIError) -> bool:
    """Return whether an error is a bug of this package, to be raised unchanged."""
    return isinstance(error, ProgrammingError | InterfaceError)


def passes_soon(error: DBAPIError) -> bool:  # noqa: ARG001
    """Return False: SQLite itself waits for its turn, and waiting does not help with anything else."""
    return False


def may_pass(error: DBAPIError) -> bool:
    """Return whether the same transaction may succeed later: another process is writing, the disk is full."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _MAY_PASS  # the lowest byte is the kind of error


def advice(reason: str) -> str:
    """Return what to do about an error message of SQLite."""
    return next(
        (text for sign, text in _ADVICE.items() if sign in reason), "check that it can be reached, then try again"
    )


def holder(engine: Engine) -> str | None:
    """Return who is writing, in words; None where that is not known."""
    path = file(engine.url)
    return sqlite_locks.writer(path) if path is not None else None


def _is_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:", "file:", "file::memory:") or url.query.get("mode") == "memory"


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late, see `_on_begin`
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA foreign_keys = ON")
            _use_wal(cursor)
            cursor.execute("PRAGMA synchronous = FULL")  # what was committed survives a power cut too
    except BaseException:
        connection.close()
        raise


def _use_wal(cursor: DBAPICursor) -> None:
    """Switch to WAL mode, in which readers and the writer do not block each other.

    Where several processes open a new file at once, SQLite does not wait for its turn here as it does elsewhere.
    """
    deadline = monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if "locked" not in str(error) or monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and takes the lock later fails at once, without waiting, if another one wrote
    # in between; so writers take the lock at their begin.
    if not connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql("BEGIN")
    elif not _began_soon(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _began_soon(connection: Connection) -> bool:
    """Return whether a transaction that writes has begun; if it has to wait for another one, say for which."""
    deadline = monotonic() + BUSY_SECONDS
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {1000 * min(NOTICE_SECONDS, BUSY_SECONDS):.0f}")
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except OperationalError:
            if (who := holder(connection.engine)) is not None:
                _log.warning("Another process is writing to the database: %s. Waiting for up to a minute.", who)
            return False
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * max(0.0, deadline - monotonic()):.0f}")
    return True
