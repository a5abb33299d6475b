"""What Ray needs of a machine: a home, a token, a place with a short path for its sockets; and what it must not say."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.execution.scratch import PREFIX
from scyc import InputError
from scyc.home import set_home

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = (107 if sys.platform == "linux" else 103) - len(
    f"/{PREFIX}12345678/ray/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store.1"
)
"""How many bytes the place's path may have. A socket's may have 107, on macOS 103; the rest is appended to it."""

_SHORT = ("/tmp", "/var/tmp", "/dev/shm")


def prepare() -> None:
    """Set what Ray reads when it is imported, where it would fail: $HOME, and the token of a cluster of its own.

    It keeps that token in the user's home. If nothing can be written there, the token is in the environment.
    """
    set_home()
    folder = Path.home() / ".ray"
    if {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys() or (folder / "auth_token").exists():
        return
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(there, os.W_OK):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


@contextmanager
def without_hints() -> Iterator[None]:
    """Import Ray within the block. In a notebook it would advise to install ipywidgets, which nothing here shows."""
    logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")
        yield


def short_place() -> Path:
    """Return $TMPDIR, or another place for temporary folders whose path is short enough for sockets.

    Raises:
        InputError: there is no such place that can be written to.
    """
    try:
        usual = [tempfile.gettempdir()]
    except FileNotFoundError:  # no place can be written to, not even the working folder
        usual = []
    for place in [*usual, *_SHORT]:
        try:
            if len(os.fsencode(place)) <= LONGEST:
                with tempfile.TemporaryFile(dir=place):
                    return Path(place)
        except OSError:
            continue  # it is not there, is full, or must not be written to
    raise InputError(
        "Ray needs a temporary folder whose path is short, as those of its sockets may have 107 bytes, but "
        f"{', '.join(dict.fromkeys([*usual, *_SHORT]))} are too long or cannot be written to; set TMPDIR to a folder "
        f"of at most {LONGEST} characters, or train with --executor processes."
    )
