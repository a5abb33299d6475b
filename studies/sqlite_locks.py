"""Who is writing to an SQLite file: Linux lists the locks of all processes."""

from __future__ import annotations

from pathlib import Path

_LOCKS = Path("/proc/locks")
_WRITER = 120  # the byte of the `-shm` file that who writes has locked, in WAL mode


def writer(path: Path) -> str | None:
    """Return which process is writing to the database at `path`, in words; None where nothing is known of it."""
    try:
        place = f":{path.with_name(f'{path.name}-shm').stat().st_ino}"
        lines = _LOCKS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for (
        line
    ) in lines:  # "1: POSIX  ADVISORY  WRITE 4711 fe:00:2146377 120 120"; whoever waits has "->" behind the number
        match line.split():
            case [_, "POSIX", _, "WRITE", process, file, first, last] if file.endswith(place):
                if int(first) <= _WRITER and (last == "EOF" or int(last) >= _WRITER):
                    return _described(process)
    return None


def _described(process: str) -> str | None:
    folder = Path("/proc") / process
    try:
        name, _, rest = folder.joinpath("stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
    except OSError:  # of another container
        return None
    stopped = rest.split()[0] in "Tt"
    known = f"process {process} ({name.partition('(')[2]})"
    return f"{known}, which is stopped; `kill -CONT {process}` lets it continue" if stopped else known
