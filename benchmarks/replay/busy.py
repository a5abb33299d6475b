"""How busy a race keeps its workers, and how long it takes: replayed on the recorded surfaces.

    python -m benchmarks.replay.busy [FILES] [--orders 4] [--workers 2 8 64]

It prints the table, and keeps it in benchmarks/results/busy.md.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from benchmarks.bands.work import judged_all, row
from benchmarks.instruments import table
from benchmarks.replay.methods import BUDGETS, recording_of
from benchmarks.replay.surfaces import FOLDER
from benchmarks.tables import keep, made_on
from oracle.replaying import Reference, judge, method_spec, orders_of, simulate
from oracle.spec.search import RACING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.replaying import Judgement, Recording
    from oracle.spec.model import Spec


@dataclass(frozen=True)
class Task:
    """One recording, with one choice and order of the seeds."""

    path: Path
    seeds: tuple[int, ...]
    workers: tuple[int, ...]


def contenders(recording: Recording) -> dict[str, Spec]:
    """Return, by row, the specs of the grid and of races at all budgets."""
    races = {
        f"racing, {budget:.0%}": method_spec(recording, RACING, {"search.budget": budget, "search.widen": 0})
        for budget in BUDGETS
    }
    return {"grid": method_spec(recording, "grid"), **races}


def judged(task: Task) -> dict[tuple[str, int], Judgement]:
    """Replay with each number of workers, by row and number."""
    recording = recording_of(task.path)
    reference = Reference.of(recording, task.seeds)
    return {
        (name, workers): judge(recording, simulate(recording, spec, task.seeds, workers), reference)
        for name, spec in contenders(recording).items()
        for workers in task.workers
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Make the table, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", help="recordings; default: benchmarks/replay/recorded/*.npz")
    parser.add_argument("--orders", type=int, default=4, help="choices and orders of three seeds; default: 4")
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 8, 64], help="default: 2 8 64")
    parser.add_argument("--processes", type=int, help="how many work at a time; default: one per core")
    parser.add_argument("--out", type=Path, help="folder of the result; default: benchmarks/results")
    given = parser.parse_args(argv)
    files, workers = given.files or sorted(FOLDER.glob("*.npz")), tuple(given.workers)
    tasks = [Task(path, order, workers) for path in files for order in orders_of(recording_of(path), 3, given.orders)]
    found: dict[tuple[str, str, int], list[Judgement]] = defaultdict(list)
    for task, answers in zip(tasks, judged_all(judged, tasks, given.processes), strict=True):
        for (name, number), judgement in answers.items():
            found[recording_of(task.path).name, name, number].append(judgement)
            found["all", name, number].append(judgement)
    lines = []
    for surface, name in dict.fromkeys((surface, name) for surface, name, _ in found):
        first = found[surface, name, workers[0]]
        lines.append(
            row(
                surface,
                name,
                f"{fmean(one.trainings for one in first):.0f}",
                f"{fmean(fmean(one.test_regret) for one in first):.2f}",
                f"{fmean(one.ratio or 0.0 for one in first):.0%}",
                *(f"{fmean(one.busy for one in found[surface, name, number]):.0%}" for number in workers),
                *(f"{fmean(one.clock for one in found[surface, name, number]):.0f}" for number in workers),
            )
        )
    columns = " | ".join([*(f"busy on {number}" for number in workers), *(f"time on {number}" for number in workers)])
    keep(
        "busy",
        [
            "# How busy a race keeps its workers",
            "",
            f"Made by `python -m benchmarks.replay.busy --orders {given.orders} --workers "
            f"{' '.join(map(str, workers))}` at {made_on('numpy')}.",
            "",
            "Each replay is a study of three of the recorded seeds; means over choices and orders of them. *Busy*: the "
            "share of their time for which so many workers train. *Time*: until the last training ends, in epochs of "
            "one training. *Test regret* and *of ceiling* as in [replay.md](replay.md): they do not depend on the "
            "workers.",
            table(f"surface | method | trainings | test regret | of ceiling | {columns}"),
            *lines,
            "",
        ],
        given.out,
    )


if __name__ == "__main__":
    main()
