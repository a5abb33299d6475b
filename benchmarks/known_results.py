"""Check results that the papers are known for, on Fashion-MNIST at a size for two CPU cores.

    python -m benchmarks.known_results

Each result has five seeds. Differences are paired by seed, with Student's 95 % interval. Results that do not hold here
are reported like those that do. It needs Fashion-MNIST, and takes about half an hour.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import stats

from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from scyc import Tail
from scyc.dropnet import DropNet, EarlyStopping, dropnet
from scyc.gradients import POINTS
from scyc.level_schedule import density
from scyc.profiles import WarmupStep
from scyc.protocol import Protocol, Pruning
from scyc.training.recipe import Recipe
from scyc.trial import Trial, run_trial
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = range(5)
WORKLOAD, DROPNET_WORKLOAD = "fashion-mnist/mlp-300-100", "fashion-mnist/dropnet-a"
MAX_LR, LEVELS, RATE = 0.1, 12, 0.36  # 0.74 % of the weights at the last level
CYCLES = 8  # 0.8^7 of the units, 21 %

MAGNITUDE, RANDOM, LRR, FINE_TUNING = "magnitude, weights rewound", "random, weights rewound", "LRR", "fine-tuning"
METHODS = {
    MAGNITUDE: Pruning(RATE),
    RANDOM: Pruning(RATE, criterion="random"),
    LRR: Pruning(RATE, rewind="learning-rate"),
    FINE_TUNING: Pruning(RATE, rewind="learning-rate"),
}


def pruned(method: str, seed: int) -> list[dict[str, Any]]:
    """Return for each level the test accuracy (a fraction) and the gradients' standard deviations by point."""
    torch.set_num_threads(1)
    workload = load_workload(WORKLOAD)
    data, profile = workload.load_data(), WarmupStep()
    recipe = Recipe(epochs=3, batch_size=128, profile=profile)
    trials: list[Trial] = []
    for level in range(LEVELS):
        tuned = method == FINE_TUNING and level > 0
        # Fine-tuning continues at the last learning rate of the dense network's training (Renda et al. 2020).
        protocol = Protocol(workload, replace(recipe, profile=Tail(profile, 0.0)) if tuned else recipe, METHODS[method])
        parent, rewind_point = (trials[-1].checkpoint, trials[0].rewind_point) if trials else (None, None)
        trials.append(
            run_trial(protocol, data, seed=seed, level=level, max_lr=MAX_LR, parent=parent, rewind_point=rewind_point)
        )
    return [
        {"accuracy": trial.training.test_accuracy, "std": {g.point: g.std for g in trial.training.gradients}}
        for trial in trials
    ]


def dropped(criterion: Any, seed: int) -> list[dict[str, Any]]:
    """Return for each cycle the fraction of units left and the test accuracy."""
    torch.set_num_threads(1)
    workload = load_workload(DROPNET_WORKLOAD)
    settings = DropNet(criterion, kappa=0.0, cycles=CYCLES, training=EarlyStopping(epochs=5))
    return [
        {"kept": sum(int(kept.sum()) for kept in cycle.units.kept.values()) / 80, "accuracy": cycle.test_accuracy}
        for cycle in dropnet(workload.build_model, workload.load_data(), settings, seed=seed)
    ]


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % interval."""

    mean: float
    low: float
    high: float


def paired(one: Sequence[float], other: Sequence[float]) -> Interval:
    """Return the mean of one minus other, seed by seed."""
    differences = np.subtract(one, other)
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    return Interval(differences.mean(), differences.mean() - half, differences.mean() + half)


def shown(interval: Interval, scale: float = 100, unit: str = " points") -> str:
    """Return an interval as text."""
    low, high = scale * interval.low, scale * interval.high
    return f"{scale * interval.mean:+.2f}{unit} ({low:+.2f} to {high:+.2f})"


def report(weights: dict[str, list[list[dict[str, Any]]]], units: dict[str, list[list[dict[str, Any]]]]) -> list[str]:
    """Return the results as lines of Markdown.

    Args:
        weights: by method, one entry per seed, each with one entry per level.
        units: by criterion, one entry per seed, each with one entry per cycle.
    """

    def accuracies(method: str, level: int) -> list[float]:
        return [run[level]["accuracy"] for run in weights[method]]

    lines = [
        f"Accuracies on the test images, means over {len(SEEDS)} seeds, `{WORKLOAD}`, 3 epochs per level, max_lr "
        f"{MAX_LR}, {RATE:.0%} pruned per level.",
        "",
        f"| density | {' | '.join(METHODS)} | random − magnitude | LRR − fine-tuning |",
        "| --- | " + "--- | " * (len(METHODS) + 2),
    ]
    for level in range(LEVELS):
        means = [f"{100 * np.mean(accuracies(method, level)):.2f} %" for method in METHODS]
        random = shown(paired(accuracies(RANDOM, level), accuracies(MAGNITUDE, level)))
        rewinding = shown(paired(accuracies(LRR, level), accuracies(FINE_TUNING, level)))
        lines.append(f"| {density(level, RATE):.2%} | {' | '.join(means)} | {random} | {rewinding} |")
    lines += [
        "",
        "Standard deviation of the weight gradients, divided by that of the dense network: mean over seeds of the "
        "logarithm. Below 0 the gradients are narrower. Magnitude pruning, weights rewound.",
        "",
        "| density | start of a level | middle | end |",
        "| --- | --- | --- | --- |",
    ]
    for level in range(1, LEVELS):
        cells = []
        for point in POINTS:
            stds = [[np.log(run[at]["std"][point]) for run in weights[MAGNITUDE]] for at in (level, 0)]
            cells.append(shown(paired(*stds), scale=1, unit=""))
        lines.append(f"| {density(level, RATE):.2%} | {' | '.join(cells)} |")
    lines += [
        "",
        f"DropNet, `{DROPNET_WORKLOAD}`, at most 5 epochs per cycle.",
        "",
        "| units left | " + " | ".join(units) + " | minimum − maximum |",
        "| --- | " + "--- | " * (len(units) + 1),
    ]
    for cycle in range(CYCLES):
        found = {name: [run[cycle]["accuracy"] for run in runs] for name, runs in units.items()}
        means = [f"{100 * np.mean(values):.2f} %" for values in found.values()]
        kept = units["minimum"][0][cycle]["kept"]
        difference = shown(paired(found["minimum"], found["maximum"]))
        lines.append(f"| {kept:.0%} | {' | '.join(means)} | {difference} |")
    last = LEVELS - 1
    claims = {
        f"Random masks under weight rewinding at {density(last, RATE):.2%}, against magnitude": shown(
            paired(accuracies(RANDOM, last), accuracies(MAGNITUDE, last))
        ),
        f"Learning-rate rewinding at {density(last, RATE):.2%}, against fine-tuning": shown(
            paired(accuracies(LRR, last), accuracies(FINE_TUNING, last))
        ),
    }
    return [*lines, "", *(f"* {claim}: {found}." for claim, found in claims.items())]


def main() -> None:
    """Train everything in two processes and write the results."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        weights = {method: [pool.submit(pruned, method, seed) for seed in SEEDS] for method in METHODS}
        units = {
            name: [pool.submit(dropped, name, seed) for seed in SEEDS] for name in ("minimum", "maximum", "random")
        }
        lines = report(
            {method: [run.result() for run in runs] for method, runs in weights.items()},
            {name: [run.result() for run in runs] for name, runs in units.items()},
        )
    made = provenance()
    hardware = made["hardware"]
    heading = [
        "# Known results",
        "",
        f"Made by `python -m benchmarks.known_results` at commit {made['commit']} on {hardware['processor']}, "
        f"{hardware['cores']} cores, with torch {made['versions']['torch']}.",
        "",
    ]
    result = Path(__file__).parent / "results" / "known-results.md"
    write_text("\n".join([*heading, *lines]) + "\n", result)
    print(result.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
