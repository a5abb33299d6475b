"""Reading an SQLite file without writing anything, neither into it nor beside it.

In WAL mode a database is three files while somebody has it open: what was written last is in `-wal`, and `-shm` is how
processes find it there. SQLite makes both when it opens the database, even for reading alone, and then leaves them
behind with the reader's permissions, which may shut the next writer out. So every transaction looks first:

- There is no such file: nobody has the database open, nor has died with it open. It is opened as one that cannot
  change (`immutable`), for which SQLite makes no files and takes no locks; if it does change meanwhile, the transaction
  is repeated.
- There is one: the database is opened in the usual way (`mode=ro`), which never waits for a writer in WAL mode.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from studies.errors import StudyError, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

_ALONE = "alone"  # in a connection's `info`: its file, and what that looked like when nobody else had it open
_BESIDE = ("-wal", "-journal")  # what was written last, or has to be undone, under either way of SQLite to commit
_NEEDS_WRITING = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

_Look = tuple[int, int, int]


def url_for_reading(url: URL) -> URL:
    """Return the URL of a file in SQLite's own form ("file:..."), for reading alone."""
    if "uri" not in url.query:
        url = url.set(database=Path(str(url.database)).absolute().as_uri())
    return url.update_query_dict({"uri": "true", "mode": "ro"})


def is_for_reading(url: URL) -> bool:
    """Return whether a URL itself says that nothing may be written."""
    return "uri" in url.query and (url.query.get("mode") == "ro" or url.query.get("immutable") in ("1", "true"))


def file_of(uri: str) -> Path:
    """Return the file that a URI in SQLite's own form names."""
    return Path(unquote(urlsplit(uri).path))


def connect(_dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> sqlite3.Connection:
    """Return a connection for one transaction (SQLAlchemy's event `do_connect`).

    Raises:
        StudyError: the database cannot be read without the files beside it, and these cannot be used.
    """
    [uri] = arguments
    path = file_of(uri)
    look = _look(path)
    beside = [side for suffix in _BESIDE if (side := path.with_name(path.name + suffix)).exists()]
    if beside:
        try:
            return _opened(uri, options)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NEEDS_WRITING:
                raise
            for side in beside:
                if _has_content(side):
                    raise _unreadable(path, side, error) from error
    record.info[_ALONE] = path, look
    return _opened(f"{uri}&immutable=1", options)


@contextmanager
def one_moment(connection: Connection) -> Iterator[None]:
    """Make sure that what the block reads is the database of one moment.

    Raises:
        TryAgain: somebody wrote into it meanwhile.
    """
    path, look = connection.info.get(_ALONE, (None, None))
    try:
        yield
    except Exception as error:
        if path is not None and _look(path) != look:
            raise _changed(path) from error
        raise
    if path is not None and _look(path) != look:
        raise _changed(path)


def _opened(uri: str, options: dict[str, Any]) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(uri, **options)
    try:
        connection.isolation_level = None  # every transaction says itself where it begins
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _look(path: Path) -> _Look | None:
    """Return what changes when a file is written to; None where it cannot be looked at.

    It is not opened: closing it would take away the locks that this process may hold on it.
    """
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns


def _has_content(path: Path) -> bool:
    look = _look(path)
    return look is not None and look[1] > 0


def _changed(path: Path) -> TryAgain:
    return TryAgain(f"The database {path} was written to while it was read; wait a moment.")


def _unreadable(path: Path, side: Path, error: sqlite3.Error) -> StudyError:
    return StudyError(
        f"The database {path} can only be read together with {side.name}, and that takes permission to write to its "
        f"folder ({error}); copy both files to a folder of your own, or ask their owner to run `scyc studies "
        f"upgrade --db URL`, which leaves one file."
    )


def pulse(file: Path) -> str:
    """Return when a file and its write-ahead log last changed."""
    return " ".join(_last_changed(one) for one in (file, file.with_name(f"{file.name}-wal")))


def _last_changed(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"
