"""A study that was swept once, copied for a test of its own."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def copy_study(folder: Path, into: Path) -> None:
    """Copy a folder with `scyc.db` and its artifacts; the database then names the copy of the artifacts."""
    shutil.copytree(folder, into, dirs_exist_ok=True)
    with closing(sqlite3.connect(into / "scyc.db")) as database, database:
        database.execute("UPDATE scyc_studies SET artifacts = replace(artifacts, ?, ?)", (str(folder), str(into)))
