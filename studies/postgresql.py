"""Everything specific to PostgreSQL: its driver, its locks, its restarts and what its errors mean."""

from __future__ import annotations

import os
import platform
import re
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, column, event, func, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from studies.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine, Row, Select, Table, TableValuedAlias, Update
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import ConnectionPoolEntry

    from studies.row_mapping import Columns

DRIVER = "psycopg"
BUSY_SECONDS = 60  # how long a writer waits for its turn
NOTICE_SECONDS = 5  # after which it says for whom
FROZEN_SECONDS = 20  # how long a process that froze in a transaction may keep the others waiting

_MIGRATION = 0x73637963  # "scyc": the advisory lock of those who migrate
_CONNECTING = {
    "connect_timeout": 10,
    "application_name": f"scyc on {platform.node()} (process {os.getpid()})"[:63],
    "keepalives_idle": 30,  # a peer that vanished without a word is noticed within a minute
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

_FULL = "No space left"
# What is still so after a pause. A connection that fails has no SQLSTATE, only the server's words.
_LASTING = {
    r"no password supplied": "put the password into the URL, into $PGPASSWORD or into ~/.pgpass",
    r"authentication failed": "check the user and the password in the URL",
    r'role ".*" does not exist': "check the user in the URL, or create it with `createuser`",
    r'database ".*" does not exist': "check the URL, or create the database with `createdb`",
    r"pg_hba\.conf": "ask the server's administrator to let this user in from here",
    r"permission denied": "ask the owner of the database for the right to read, write and create tables",
    r"(^|: )invalid |bad value": "check the URL",
    r"encoding": "use one that `createdb --encoding UTF8 --template template0` made, which holds every character",
    r"read-only transaction|read-write mode": "give the URL of the primary server; this one is a read-only copy",
    _FULL: "free some space on the server, then try again",
}
_PASSING = {
    r"resolve host|could not translate": "check the host in the URL",
    r"too many clients|connection slots": "close other connections, or ask for a higher max_connections",
    r"lock timeout": f"another process has been writing for over {NOTICE_SECONDS} seconds; wait for it",
}
_REACH = "check that its server runs and can be reached, then try again"

# Connections that break or are refused (08, 57P0x, too many clients), deadlocks and failed serialisation (40), a lock.
_PASSING_STATES = re.compile(r"08...|40...|57P0[1-4]|53300|25P03|55P03")
# What may pass in time: want of room, memory or connections (53), a lock, a cancelled query, an error of the disk.
_LATER_STATES = re.compile(r"53...|55P03|57014|58030")
_NO_RIGHT = "42501"

_WRITING = """
    SELECT pid, usename, application_name, state, extract(epoch FROM clock_timestamp() - state_change)::int AS seconds
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL AND state IS NOT NULL
    ORDER BY xact_start LIMIT 1
"""


def normalised(url: URL) -> URL:
    """Return the URL with its driver, with the password where SQLAlchemy masks it, and with UTF-8 on the connection.

    Otherwise the server's encoding is spoken there. That of SQL_ASCII, which `initdb` chooses under LANG=C, is bytes.
    """
    password = url.query.get("password")
    if password is not None:
        url = url.set(password=password if isinstance(password, str) else password[-1])
    url = url.set(drivername=f"postgresql+{DRIVER}").difference_update_query(["password"])
    return url.update_query_dict({"client_encoding": "utf8"})


def for_reading(url: URL) -> URL:
    """Return the URL as it is: every transaction of `reader` tells the server that it only reads."""
    return url


def is_for_reading(url: URL) -> bool:  # noqa: ARG001
    """Return False: the server decides what a user may do."""
    return False


def file(url: URL) -> Path | None:  # noqa: ARG001
    """Return None: it is on a server."""
    return None


def check(url: URL, *, create: bool) -> None:
    """Refuse nothing: only the server knows what is there."""


def engine_options(url: URL) -> dict[str, Any]:
    """Return the options of `create_engine`: few connections, each tried before it is used."""
    connecting = {key: value for key, value in _CONNECTING.items() if key not in url.query}
    return {
        "connect_args": connecting,
        "pool_pre_ping": True,
        "pool_size": 2,
        "max_overflow": 8,
        "pool_timeout": BUSY_SECONDS,
    }


def prepare(engine: Engine) -> None:
    """Limit every wait: for a lock, and for a process that froze in a transaction."""
    event.listen(engine, "connect", partial(_on_connect, engine.dialect.dbapi))


def _on_connect(driver: Any, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.adapters.register_dumper(list, driver.types.array.ListBinaryDumper)  # as text, numbers cost five times
    connection.autocommit = True  # a setting is undone with the transaction that it is made in
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET lock_timeout = '{NOTICE_SECONDS}s'")  # then the transaction is tried again
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
    connection.autocommit = False


def reader(engine: Engine) -> Engine:
    """Return an engine whose transactions see one moment of the database, and cannot write."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writer(engine: Engine) -> Engine:
    """Return an engine whose transactions write; they take turns by locking the row of their study or run."""
    return engine.execution_options(isolation_level="READ COMMITTED")


def one_moment(connection: Connection) -> AbstractContextManager[None]:  # noqa: ARG001
    """Do nothing: the server shows every transaction the database of one moment."""
    return nullcontext()


@contextmanager
def migration(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that may alter every table; processes that migrate at once take turns."""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION)))
        yield connection


def clock(connection: Connection) -> datetime:
    """Return the server's time: the clocks of the machines that use it may differ."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def pulse(reader: Engine, file: Path | None) -> str | None:  # noqa: ARG001
    """Return which transactions of the server are over: more than those of this database, but never fewer."""
    with reader.connect() as connection:
        return str(connection.exec_driver_sql("SELECT txid_current_snapshot()::text").scalar_one())


def identity(connection: Connection) -> str:
    """Return the number of the server's data, where the role may ask for it, and that of the database."""
    server = ""
    if connection.scalar(select(func.has_function_privilege("pg_control_system()", "execute"))):
        server = connection.exec_driver_sql("SELECT system_identifier FROM pg_control_system()").scalar_one()
    database = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar_one()
    return f"postgresql {server}/{database}"


def ticket(connection: Connection) -> str | None:
    """Return the number of this transaction: where a connection breaks in a commit, it may have happened or not."""
    number: str = connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one()
    return number


def was_committed(connection: Connection, ticket: str) -> bool:
    """Return whether a transaction was committed.

    Raises:
        TryAgain: the server has not ended it yet.
    """
    status = connection.exec_driver_sql("SELECT pg_xact_status(%s::xid8)", (ticket,)).scalar_one()
    if status == "in progress":
        raise TryAgain("The database has not ended a transaction whose connection broke; wait a moment.")
    return bool(status == "committed")


def insert(connection: Connection, table: Table, columns: Columns) -> None:
    """Add rows, one for each item of the columns; as arrays, any number of them fits one statement."""
    if any(columns.values()):
        connection.execute(_insertion(table, tuple(columns)), _arrays(columns))


def insert_new(connection: Connection, table: Table, columns: Columns, same: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Add the rows that are new, and return them."""
    if not any(columns.values()):
        return []
    statement = _insertion(table, tuple(columns), tuple(same)).on_conflict_do_nothing().returning(table)
    return connection.execute(statement, _arrays(columns) | dict(same)).all()


def update(connection: Connection, table: Table, columns: Columns, same: Mapping[str, Any]) -> None:
    """Set the other columns of the rows whose ids are in `columns["id"]`, in one statement too."""
    if any(columns.values()):
        connection.execute(_change(table, tuple(columns)).values(same), _arrays(columns))


def numbers(values: Sequence[int]) -> Select[Any]:
    """Return a query for these whole numbers, given as one array."""
    return select(func.unnest(bindparam(None, list(values), ARRAY(BigInteger))))


@cache
def _insertion(table: Table, names: tuple[str, ...], same: tuple[str, ...] = ()) -> Insert:
    alike = [bindparam(name, type_=table.c[name].type) for name in same]
    return insert_into(table).from_select([*names, *same], select(_given(table, names), *alike))


@cache
def _change(table: Table, names: tuple[str, ...]) -> Update:
    given = _given(table, names)
    changes = {name: given.c[name] for name in names if name != "id"}
    return table.update().where(table.c.id == given.c.id).values(changes)


def _arrays(columns: Columns) -> dict[str, Any]:
    return {f"all_{name}": values for name, values in columns.items()}


def _given(table: Table, names: tuple[str, ...]) -> TableValuedAlias:
    """Return a table of parameters, an array for each column."""
    arrays = [bindparam(f"all_{name}", type_=ARRAY(table.c[name].type, dimensions=1)) for name in names]
    columns = [column(name, table.c[name].type) for name in names]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def is_mistake(error: DBAPIError) -> bool:
    """Return whether an error is a bug of this package, to be raised unchanged."""
    return isinstance(error, ProgrammingError) and _state(error) not in (None, _NO_RIGHT)


def passes_soon(error: DBAPIError) -> bool:
    """Return whether the same transaction may succeed a little later."""
    if error.connection_invalidated:
        return True
    state = _state(error)
    if state is not None:
        return _PASSING_STATES.fullmatch(state) is not None
    return isinstance(error, OperationalError) and _find(_LASTING, str(error.orig)) is None


def may_pass(error: DBAPIError) -> bool:
    """Return whether the same transaction may succeed later: another process is writing, the disk is full."""
    return _LATER_STATES.fullmatch(_state(error) or "") is not None or _FULL in str(error.orig)


def advice(reason: str) -> str:
    """Return what to do about an error message of the server or the driver."""
    return _find(_LASTING | _PASSING, reason) or _REACH


def holder(engine: Engine) -> str | None:
    """Return who has been writing for the longest, in words; None where nobody is."""
    try:
        with engine.connect() as connection:
            row = connection.exec_driver_sql(_WRITING).first()
    except SQLAlchemyError:
        return None
    if row is None:
        return None
    return f"{row.application_name} as {row.usename}, server process {row.pid}, {row.state} for {row.seconds} s"


def _state(error: DBAPIError) -> str | None:
    """Return the SQLSTATE of an error, None where it has none."""
    return getattr(error.orig, "sqlstate", None)


def _find(advices: dict[str, str], reason: str) -> str | None:
    return next((text for sign, text in advices.items() if re.search(sign, reason)), None)
