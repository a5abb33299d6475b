"""What is in many files, as one hash. It is remembered in the user's cache, because reading them can take minutes."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_READERS = 16  # threads; they wait for the disk most of the time


def contents(files: Sequence[str]) -> str:
    """Return a hash of the files' contents, in their order. Names, places and times do not matter.

    While paths, sizes and times of change stay the same, the hash comes from the cache folder of this user
    (`$XDG_CACHE_HOME/scyc`, else `~/.cache/scyc`). So a file that is replaced by another of the same size and time, to
    the nanosecond, is not noticed there. If that folder cannot be written to, the files are read every time.

    Raises:
        InputError: a file cannot be read.
    """
    try:
        remembered = _folder() / _listing(files)
        known = _remembered(remembered)
        if known is not None:
            return known
        with _alone(remembered):  # of the workers of a machine, one reads and the others wait
            return _remembered(remembered) or _remember(remembered, _read(files))
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be read ({error.strerror}): check its permissions, or remove it."
        ) from error


def _listing(files: Sequence[str]) -> str:
    listing = hashlib.sha256()
    for file in files:
        found = Path(file).stat()
        listing.update(os.fsencode(f"{Path(file).absolute()}\0{found.st_size}\0{found.st_mtime_ns}\0"))
    return listing.hexdigest()


def _read(files: Sequence[str]) -> str:
    with ThreadPoolExecutor(_READERS) as readers:
        return hashlib.sha256(b"".join(readers.map(_digest, files))).hexdigest()


def _digest(file: str) -> bytes:
    with Path(file).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def _folder() -> Path:
    with suppress(RuntimeError):  # this user has no home
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scyc" / "contents"
    return Path(os.devnull)  # a folder in which nothing can be found or written


def _remembered(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        known = path.read_text(encoding="ascii")
        return known if len(known) == len(hashlib.sha256().hexdigest()) else None
    return None


def _remember(path: Path, digest: str) -> str:
    with suppress(OSError):
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(digest, encoding="ascii")
        fresh.replace(path)
    return digest


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    from filelock import FileLock

    lock = FileLock(path.with_suffix(".lock"), fallback_to_soft=False)  # a soft lock would outlast a killed process
    with suppress(OSError):  # the folder cannot be written to, or its file system has no locks
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
