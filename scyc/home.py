"""The user's home folder, which need not be there: a container may run as a user whom the system does not know."""

from __future__ import annotations

import os
from pathlib import Path

from scyc.errors import InputError


def expanded(path: Path | str) -> Path:
    """Return a path with a `~` or `~user` at its beginning replaced by that user's home.

    Raises:
        InputError: that user has none.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise InputError(
            f"The path {path} begins with a home folder, but there is none; write it out, or set HOME."
        ) from error


def set_home() -> None:
    """Set $HOME to a folder that is not there, for a user without a home: Ray and Kaleido fail where there is none."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"  # as Debian has it for such users
