"""Try the bands and intervals of the surface's model on surfaces whose truth is known.

    python -m benchmarks.bands [--studies 40] [--splits 6] [--surfaces FOLDER]

It prints the tables, and keeps them in benchmarks/results/bands.md. On two busy cores, 16 studies and 3 splits took 16
minutes without the fits. Surfaces of real trainings are read from FOLDER (default: benchmarks/surfaces). Where one is
missing, it is recorded first, which took some 10 minutes for each of MNIST-1D; `--recorded-only` takes what is there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bands import fits, recorded, surfaces, synthetic
from benchmarks.tables import keep, made_on

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Make the tables, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=40, help="made-up studies of each kind; default: 40")
    parser.add_argument("--splits", type=int, default=6, help="pairs of studies on recorded surfaces; default: 6")
    parser.add_argument("--surfaces", type=Path, default=surfaces.FOLDER, help="folder of the recorded surfaces")
    parser.add_argument("--recorded-only", action="store_true", help="record no surface that is missing")
    parser.add_argument("--processes", type=int, help="how many work at a time; default: one per core")
    parser.add_argument("--out", type=Path, help="folder of the result; default: benchmarks/results")
    given = parser.parse_args(argv)
    if not given.recorded_only:
        for name in surfaces.SPECS:
            surfaces.record(name, given.surfaces)
    started = time.monotonic()
    tables = [
        *synthetic.lines(given.studies, given.processes),
        *recorded.lines(given.surfaces, given.splits, given.processes),
        *fits.lines(given.studies, given.processes),
    ]
    head = [
        "# Do bands and intervals hold what they say?",
        "",
        f"Made by `python -m benchmarks.bands --studies {given.studies} --splits {given.splits}` at "
        f"{made_on('numpy')}, in {(time.monotonic() - started) / 60:.0f} minutes.",
        "",
    ]
    keep("bands", [*head, *tables], given.out)


if __name__ == "__main__":
    main()
