"""Files that are written beside their place and then renamed: whoever is killed meanwhile leaves the former file."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


UNFINISHED = ".scyc-*.tmp"
"""Names of files and folders that are not whole yet; a writer that is killed may leave one."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new path to write to; what is there at the end of the block takes the place of the file `path`.

    If the block raises, the former file is left as it was. The folder is created if it does not exist. A link stays a
    link, and what it points to is replaced. A device or a pipe is written to directly.

    Raises:
        OSError: there is a folder in its place, or the file cannot be written.
    """
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if place.exists() and not place.is_file():
        yield path
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(UNFINISHED.replace("*", token_hex(8)))
    try:
        yield fresh
        if place.exists():
            shutil.copymode(place, fresh)
        _to_disk(fresh)
        fresh.replace(place)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_text(text: str, path: Path) -> None:
    """Write a text file in UTF-8, as `replacing` does.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path) as fresh:
        fresh.write_text(text, encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one sentence that a file or folder cannot be written.

    Raises:
        InputError: the block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)  # Arrow's own texts are longer
        raise InputError(f"{path} cannot be written ({why}); choose another place.") from error


def _to_disk(path: Path) -> None:
    """Wait until a file is on the disk; else a machine that loses its power may keep the new name without its text."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
