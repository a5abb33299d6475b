"""Where workers look for modules: among the program's own first, in the working folder last.

A user's own `random.py`, `studies.py` or `oracle/` in the working folder must not hide the program's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOME = Path(__file__).parents[2]
"""The folder that the program's packages are in."""


def given() -> list[str]:
    """Return the entries that the user has put on $PYTHONPATH."""
    return list(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))


def python_path(entries: Iterable[str]) -> str:
    """Return a $PYTHONPATH for workers: the entries of a search path, without the working folder.

    Python itself puts the working folder there, as "" or by its path. It stays if the program is in it, or if the user
    has put it on $PYTHONPATH.
    """
    here = Path.cwd()
    stays = here == HOME or here in (Path(entry).absolute() for entry in given())
    kept = (entry or str(here) for entry in entries if stays or Path(entry).absolute() != here)
    return os.pathsep.join(dict.fromkeys(kept))


def folders_of_the_user() -> list[str]:
    """Return the folders that may hold the user's own modules: the script's folder, and the working folder."""
    script = str(Path(sys.argv[0]).resolve().parent)
    return [script, str(Path.cwd())] if script in sys.path else [str(Path.cwd())]


def append(folders: Iterable[str]) -> None:
    """Let this process look for modules in some folders, after everywhere else."""
    for folder in folders:
        if folder not in sys.path:
            sys.path.append(folder)
