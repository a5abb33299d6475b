"""Search methods at equal budgets, replayed on recorded surfaces of real trainings.

    python -m benchmarks.replay [FILES] [--seeds 3] [--orders 8] [--workers 8]

It prints the tables, and keeps them in benchmarks/results/replay.md. FILES are recordings (`scyc replay NAME --save
FILE`). Default: those in benchmarks/replay/recorded, which benchmarks/replay/surfaces.py made.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bands.work import judged_all, row
from benchmarks.instruments import table
from benchmarks.replay.methods import Task, judge, recording_of
from benchmarks.replay.surfaces import FOLDER
from benchmarks.tables import keep, made_on
from oracle.replaying import Replay, orders_of

if TYPE_CHECKING:
    from collections.abc import Sequence


COLUMNS = (
    "method | trainings | epochs | time | test regret | worst level | validation regret | as good | overlap | "
    "of ceiling | on path"
)


def lines(files: Sequence[Path], seeds: int, orders: int, workers: int, processes: int | None) -> list[str]:
    """Replay all methods on all recordings, and return the tables."""
    tasks = [Task(path, order, workers) for path in files for order in orders_of(recording_of(path), seeds, orders)]
    found: dict[Path, dict[str, Replay]] = {path: {} for path in files}
    for task, replays in zip(tasks, judged_all(judge, tasks, processes), strict=True):
        rows = found[task.path]
        for one in replays:
            before = rows[one.name].judgements if one.name in rows else ()
            rows[one.name] = Replay(one.name, one.spec, (*before, *one.judgements))
    printed = []
    for path, rows in found.items():
        recording = recording_of(path)
        printed += [
            f"## {recording.name}",
            "",
            f"{recording.levels} levels, {len(recording.rates)} candidates from {recording.rates[0]:g} to "
            f"{recording.rates[-1]:g}, {len(recording.seeds)} seeds, {recording.spec.epochs} epochs"
            f"{'' if recording.examples else ', without answers'}. Made by `{recording.made_by}`.",
            table(COLUMNS),
            *(_row(one) for one in rows.values()),
            "",
        ]
    return printed


def _row(one: Replay) -> str:
    return row(
        one.name,
        _cell(one, "trainings", "{:.0f}"),
        _cell(one, "share", "{:.0%}"),
        _cell(one, "clock", "{:.0f}"),
        _cell(one, "test_regret", "{:.2f}"),
        _cell(one, "worst_test_regret", "{:.2f}"),
        _cell(one, "validation_regret", "{:.2f}"),
        _cell(one, "inside", "{:.0%}"),
        _cell(one, "overlap", "{:.0%}"),
        _cell(one, "ratio", "{:.0%}"),
        _cell(one, "on_path", "{:.0%}"),
    )


def _cell(one: Replay, measure: str, text: str) -> str:
    """Return a mean, and its range where it has one."""
    spread = one.spreads[measure]
    if spread is None:
        return "-"
    mean, low, high = (text.format(value) for value in (spread.mean, spread.low, spread.high))
    return mean if low == high else f"{mean} ({low} – {high})"


def main(argv: Sequence[str] | None = None) -> None:
    """Make the tables, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", help="recordings; default: benchmarks/replay/recorded/*.npz")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each replayed study; default: 3")
    parser.add_argument("--orders", type=int, default=8, help="choices and orders of the seeds; default: 8")
    parser.add_argument(
        "--workers", type=int, default=8, help="trainings at a time, on the simulated clock; default: 8"
    )
    parser.add_argument("--processes", type=int, help="how many work at a time; default: one per core")
    parser.add_argument("--out", type=Path, help="folder of the result; default: benchmarks/results")
    given = parser.parse_args(argv)
    started = time.monotonic()
    files = given.files or sorted(FOLDER.glob("*.npz"))
    tables = lines(files, given.seeds, given.orders, given.workers, given.processes)
    words = "".join(f"{file} " for file in given.files)
    head = [
        "# Search methods, replayed on recorded surfaces",
        "",
        f"Made by `python -m benchmarks.replay {words}--seeds {given.seeds} --orders {given.orders} --workers "
        f"{given.workers}` at {made_on('numpy', 'optuna')}, in {(time.monotonic() - started) / 60:.0f} minutes.",
        "",
        f"Each replay is a study of {given.seeds} of the recorded seeds; means over up to {given.orders} choices and "
        "orders of them, in brackets their range. The choices share seeds, so the range is no confidence interval; and "
        "a sampler has the same random numbers in all of them, so its luck with these does not show. The other seeds "
        "are the truth, and noisy too. *grid* is the full grid. All other methods are at equal budgets; samplers "
        "propose one candidate at a time, which suits them best and takes them longest. A coarser "
        "grid has the same ends.",
        "",
        "*Epochs*: share of the full grid's. *Time*: until the last training ends, in epochs of one training. *Test "
        "regret*: points of test accuracy that the chosen `max_lr` loses on the other seeds, mean over the levels; "
        "*worst level*: the largest of them. *As good*: levels at which it lies in the `model` interval of the full "
        "grid on the same seeds. *Overlap*: of the method's `model` intervals with those of the full grid on the "
        "other seeds. *Of ceiling*: as a share of what the full grid on the same seeds reaches. *On path*: "
        "levels that start from the recorded winners, which all seeds chose; the others are replayed as if they did. A "
        "candidate between those of the grid, however near, is another one.",
        "",
        "*racing* is the program's own (docs/racing.md). *i-epoch* trains all candidates for a few epochs, and the "
        "best by then to the end; *asha* is Ray Tune's scheduler, which stops candidates after every epoch. Both rank "
        "by curves that are not over: while the rate warms up, and at its peak, the order is another than at the end. "
        "And what is stopped has no result, so there is next to nothing to fit an interval to. A sampler spends all "
        "seeds on every candidate. A range test is no row here: a recording has none.",
        "",
    ]
    keep("replay", [*head, *tables], given.out)


if __name__ == "__main__":
    main()
