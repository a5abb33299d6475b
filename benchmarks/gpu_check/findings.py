"""What the script finds: rows of one table, kept as soon as they are there."""

from __future__ import annotations

import json
import time
import traceback
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

OK, FAILED, CUT, SKIPPED, SEEN = "ok", "FAILED", "cut", "left out", "seen"


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    Attributes:
        step: name of the step of the script.
        what: was looked at.
        outcome: OK or FAILED where there is something to hold; SEEN for what was measured; CUT where the time was over;
            SKIPPED where something was missing.
        found: in words and numbers.
        seconds: that it took.
        error: traceback, where it raised.
    """

    step: str
    what: str
    outcome: str
    found: str
    seconds: float = 0.0
    error: str = ""


class Left(Exception):  # noqa: N818
    """Raised where something cannot be looked at here; the message says why."""


def tried(step: str, what: str, look: Callable[[], tuple[str, str]]) -> Row:
    """Return the row of what `look` finds, an outcome and words for it; an exception becomes a failure."""
    started = time.monotonic()
    try:
        outcome, found = look()
        error = ""
    except Left as reason:
        outcome, found, error = SKIPPED, str(reason), ""
    except Exception as raised:
        outcome, found, error = FAILED, f"{type(raised).__name__}: {raised}".splitlines()[0], traceback.format_exc()
    return Row(step, what, outcome, found, time.monotonic() - started, error)


def append(row: Row, file: Path) -> None:
    """Add a row to a file, one in a line."""
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(row)) + "\n")


def read(file: Path) -> list[Row]:
    """Return the rows of a file; a line that a killed step left unfinished is left out."""
    lines = file.read_text(encoding="utf-8").split("\n")[:-1] if file.exists() else []
    return [Row(**json.loads(line)) for line in lines]


def table(rows: Sequence[Row], title: str) -> str:
    """Return the rows as a table in Markdown, the tracebacks below it."""
    lines = ["# Whether the GPU side works", "", title, "", "| step | what | outcome | found | s |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.step} | {row.what} | {row.outcome} | {row.found.replace('|', '/')} | {row.seconds:.1f} |"
        for row in rows
    ]
    for row in rows:
        if row.error:
            lines += ["", f"## {row.step}: {row.what}", "", "```", row.error.strip(), "```"]
    return "\n".join(lines) + "\n"
