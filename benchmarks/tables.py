"""What benchmarks that compare two sides share: they take turns, and keep a table."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from oracle.study.provenance import provenance
from oracle.study.writing import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

RESULTS = Path(__file__).parent / "results"


def take_turns(sides: Mapping[str, Callable[[], T]], repeats: int) -> dict[str, list[T]]:
    """Time each side `repeats` times, in turns (A B A B), so that a busy moment of the machine slows them all.

    Each result is shown on standard error as it comes.
    """
    measured: dict[str, list[T]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, measure in sides.items():
            measured[name].append(measure())
            print(f"{name}: {measured[name][-1]}", file=sys.stderr, flush=True)
    return measured


def made_on(*packages: str) -> str:
    """Return the commit, the hardware and the versions of Python, torch and `packages`, for a sentence."""
    made = provenance()
    hardware, versions = made["hardware"], made["versions"]
    known = ", ".join(f"{name} {versions[name]}" for name in ("torch", *packages))
    return (
        f"commit {made['commit'] or 'unknown'} on {hardware['processor']}, {hardware['cores']} cores, "
        f"with Python {platform.python_version()}, {known}"
    )


def keep(name: str, lines: Sequence[str], folder: Path | None = None) -> None:
    """Print the lines, and write them to `NAME.md` in `folder`. Default: benchmarks/results."""
    text = "\n".join(lines) + "\n"
    print(text)
    write_text(text, (folder or RESULTS) / f"{name}.md")
