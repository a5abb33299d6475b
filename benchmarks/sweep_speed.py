"""Compare a whole oracle sweep with the script that you would write without this project.

    python -m benchmarks.sweep_speed [--repeats 3] [--executor tune | processes | inline]

It is the default spec with one seed and a grid that is not widened: 8 candidates at 8 levels, two trained at a time.
Ours is the `scyc sweep` command. The peer is `benchmarks/peers/tune_script.py`: Ray Tune's grid search, level by level,
with Ray's defaults and with `reuse_actors`. All take turns, in processes of their own. The table is kept in
benchmarks/results/sweep-speed.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.tables import keep, made_on, take_turns
from oracle.spec.files import load_spec
from oracle.study.opening import ORACLE
from scyc.data import load_mnist1d
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

SCYC = str(Path(sys.executable).with_name("scyc"))
PEER = Path(__file__).parent / "peers" / "tune_script.py"
OURS, DEFAULT, REUSING = "`scyc sweep`", "script on Ray Tune", "script, reuse_actors"
WHOLE_TARGET, TRIAL_TARGET = 10, 12


@dataclass(frozen=True)
class Timing:
    """One sweep.

    Attributes:
        whole: wall seconds of the command, from its start to its exit.
        trial: wall seconds per trial from the end of level 0 on, see `seconds_per_trial`.
        max_lr: the winner of each level.
        accuracy: the winners' validation accuracy, mean over the levels.
    """

    whole: float
    trial: float
    max_lr: tuple[float, ...]
    accuracy: float


def seconds_per_trial(ended: Sequence[Sequence[float]]) -> float:
    """Return the wall seconds per trial from the end of level 0 to the end of the last level.

    It counts from decision to decision, not from the first trial's end to the last one's: trials that are trained
    together end at the same moment, so fewer trials than were trained would lie in between.

    Args:
        ended: by level, when each trial ended, in seconds; at least two levels.
    """
    first, *later = ended
    return (max(map(max, later)) - max(first)) / sum(map(len, later))


def ours(overrides: Sequence[str], workers: int, executor: str | None) -> Timing:
    """Run the `scyc sweep` command in an empty folder."""
    command = [SCYC, "sweep", "--workers", str(workers)]
    command += ["--executor", executor] if executor else []
    for override in overrides:
        command += ["--set", override]
    with tempfile.TemporaryDirectory() as folder:
        whole = _run(command, folder)
        with Store.open(f"sqlite:///{folder}/scyc.db", create=False) as store:
            run = store.open_run(store.study("demo").id, ORACLE)
            winners = [level.winner for level in store.levels(run.id)]
            trials = [store.trials(run.id, level) for level in range(len(winners))]
    ended = [[trial.finished_at.timestamp() for trial in level if trial.finished_at] for level in trials]
    accuracies = [
        trial.result.val
        for winner, level in zip(winners, trials, strict=True)
        for trial in level
        if trial.max_lr == winner and trial.result
    ]
    return Timing(whole, seconds_per_trial(ended), tuple(winners), mean(accuracies))


def peer(overrides: Sequence[str], workers: int, *options: str) -> Timing:
    """Run the script on the same data with the same candidates, levels and epochs."""
    spec = load_spec(None, overrides)
    grid = [str(max_lr) for max_lr in spec.search.max_lr.grid()]
    with tempfile.TemporaryDirectory() as folder:
        data, result = Path(folder) / "mnist1d.npz", Path(folder) / "result.json"
        _write_data(data)
        command = [sys.executable, str(PEER), str(data), str(result), "--levels", str(spec.levels)]
        command += ["--epochs", str(spec.epochs), "--workers", str(workers), *options, "--max-lr", *grid]
        whole = _run(command, folder)
        levels = json.loads(result.read_text(encoding="utf-8"))
    return Timing(
        whole,
        seconds_per_trial([level["ended"] for level in levels]),
        tuple(level["max_lr"] for level in levels),
        mean(level["val_accuracy"] for level in levels),
    )


def _run(command: Sequence[str], folder: str) -> float:
    """Run a command in a folder, hide its output, and return its wall seconds."""
    started = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}")
    return time.perf_counter() - started


def _write_data(path: Path) -> None:
    data = load_mnist1d()
    splits = {"train": data.train, "val": data.validation, "test": data.test}
    arrays: dict[str, Any] = {f"x_{name}": split.inputs.numpy() for name, split in splits.items()}
    np.savez(path, **arrays | {f"y_{name}": split.targets.numpy() for name, split in splits.items()})


def rows(measured: dict[str, list[Timing]]) -> list[str]:
    """Return a line of the table for each side, with ratios to ours."""
    whole = {name: median(timing.whole for timing in timings) for name, timings in measured.items()}
    trial = {name: median(timing.trial for timing in timings) for name, timings in measured.items()}
    return [
        f"| {name} | {whole[name]:.1f} | {whole[name] / whole[OURS]:.1f} | {1000 * trial[name]:.0f} | "
        f"{trial[name] / trial[OURS]:.1f} | {100 * timings[0].accuracy:.1f} % | "
        f"{' '.join(f'{max_lr:.3g}' for max_lr in timings[0].max_lr)} |"
        for name, timings in measured.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Time all sides, print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=8)
    parser.add_argument("--levels", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--executor", help="of `scyc sweep`; default: its own default")
    parser.add_argument("--peers", nargs="+", choices=["default", "reusing"], default=["default", "reusing"])
    parser.add_argument("--out", type=Path, help="folder for the table")
    options = parser.parse_args(arguments)
    overrides = [
        f"levels={options.levels}",
        f"epochs={options.epochs}",
        f"search.max_lr.count={options.candidates}",
        "search.widen=0",
        "seeds=[0]",
    ]
    sides = {OURS: partial(ours, overrides, options.workers, options.executor)}
    if "default" in options.peers:
        sides[DEFAULT] = partial(peer, overrides, options.workers)
    if "reusing" in options.peers:
        sides[REUSING] = partial(peer, overrides, options.workers, "--reuse-actors")
    measured = take_turns(sides, options.repeats)
    lines = [
        "# A whole sweep, and the script that you would write instead",
        "",
        f"`python -m benchmarks.sweep_speed` at {made_on('ray')}. MNIST-1D, MLP 300-100, {options.candidates} "
        f"candidates at {options.levels} levels, one seed, {options.epochs} epochs, {options.workers} trials at a time "
        f"with one thread each; executor of `scyc sweep`: {options.executor or 'the default'}. Medians of "
        f"{options.repeats} repetitions that took turns.",
        "",
        "Whole: wall seconds of the command, including its start-up. Trial: wall milliseconds from the end of level 0 "
        "to the end of the last level, divided by the trials in between. Times: how many times as long as ours.",
        "",
        "| | whole | times | trial | times | validation accuracy | winners |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows(measured),
        "",
        f"Wanted against the script: {WHOLE_TARGET} times for the whole, {TRIAL_TARGET} times per trial.",
    ]
    keep("sweep-speed", lines, options.out)


if __name__ == "__main__":
    main()
