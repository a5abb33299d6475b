"""Temporary folders that outlast no driver by much: those of drivers that were killed are deleted by the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "scyc-d-"


@contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """Yield a new temporary folder, which is deleted after the block; it is made in `place`, by default in $TMPDIR.

    Whoever uses one holds a lock on it, which ends with the process, however that ends. So a folder without a lock is
    left over, and is deleted first.
    """
    place = place or Path(tempfile.gettempdir())
    _delete_left_over(place)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        with suppress(FileNotFoundError):  # somebody took it for left over before it was locked
            lock = _locked(folder, wait=True)
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _delete_left_over(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is in use, somebody else's, or gone
            lock = _locked(folder, wait=False)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path, *, wait: bool) -> int:
    """Lock a folder of this user's, and return the file descriptor that holds the lock.

    Raises:
        OSError: it is locked already, gone, or not a folder of this user's.
    """
    with ExitStack() as stack:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        stack.callback(os.close, lock)
        if os.fstat(lock).st_uid != os.geteuid():
            raise PermissionError(f"{folder} is not this user's.")
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if not os.path.samestat(os.fstat(lock), folder.lstat()):
            raise FileNotFoundError(f"{folder} is another one by now.")
        stack.pop_all()
        return lock
