"""Files and folders that nobody may write to, also where the tests run as root, whom permissions do not bind."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODY = 65534


@contextmanager
def sealed(folder: Path) -> Iterator[None]:
    """Take the permission to write to a folder and what is in it away, and root's rights with it."""
    modes = {path: path.stat().st_mode for path in (*folder.rglob("*"), folder)}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    is_root = os.geteuid() == 0
    groups = os.getgroups()
    if is_root:
        os.setgroups([])
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)
        for path, mode in modes.items():
            path.chmod(mode)
