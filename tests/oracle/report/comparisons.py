"""Comparisons with known numbers, made by hand."""

from __future__ import annotations

import dataclasses
import random
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison import Comparison, OracleLevel, TrainedLevel, TrainedRun, WinnersCurse, fit_scyc, judge
from oracle.comparison.curse import LevelCurse
from oracle.comparison.gradients import GradientFinding, find_narrowing
from oracle.comparison.regret import Estimate, estimate, holm, regrets
from oracle.results.intervals import RULES, Interval
from oracle.surface import fit_surface
from scyc import Constant, InverseDensity, LevelSchedule, LinearRamp, Replay, SCyc
from tests.oracle.comparison.surfaces import P, surface, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEEDS = (100, 101, 102)


@cache
def full() -> Comparison:
    """Everything that a comparison can have: a rising oracle, trained schedules, one that collapses, gradients."""
    levels = tuple(surface(SCyc(0.17, 0.25, 4.0, 1, P), levels=7, candidates=8, judge=within))
    fit = fit_scyc(levels, P, refits=20)
    schedules = named(levels) | {"fitted": fit.schedule}
    comparison = bare(levels, schedules)
    runs = trained(comparison, ("constant", "s-cyc", "inverse-density"))
    return dataclasses.replace(
        comparison,
        fit=fit,
        runs=runs,
        curse=_curse(levels),
        search_epochs=1680,
        gradients=narrowing(levels),
        notes=("A note with `some code`.",),
    )


def narrowing(levels: Sequence[OracleLevel], last: float = 0.8) -> GradientFinding:
    """Gradients that narrow at the start, widen half way, and are gone at the end of the last level."""
    falls = {"start": last, "middle": 1.1, "end": 0.9}
    stds = {
        point: [[0.01 * fall**level.level * (1 + 0.01 * seed) for seed in range(level.seeds)] for level in levels]
        for point, fall in falls.items()
    }
    stds["end"][-1] = [0.0] * levels[-1].seeds
    return find_narrowing(levels, stds)


def many() -> Comparison:
    """Twenty schedules, all trained."""
    levels = full().levels
    ramps = {f"linear-{i}": LinearRamp(0.17, 0.17 + 0.03 * i, 6) for i in range(15)}
    comparison = bare(levels, named(levels) | ramps)
    return dataclasses.replace(comparison, runs=trained(comparison, tuple(comparison.schedules)))


def named(levels: Sequence[OracleLevel]) -> dict[str, LevelSchedule]:
    dense = levels[0].winner
    return {
        "oracle": Replay(tuple(level.winner for level in levels)),
        "constant": Constant(dense),
        "s-cyc": SCyc(dense, 4 / 3 * dense),
        "inverse-density": InverseDensity(dense, P, cap=1.0),
        "s-cyc:resnet20-cifar10": SCyc(0.03, 0.04),
    }


def bare(levels: Sequence[OracleLevel], schedules: Mapping[str, LevelSchedule] | None = None) -> Comparison:
    """Only what the oracle's surface says, without a fit."""
    schedules = schedules or named(levels)
    verdicts = {name: judge(schedule, levels) for name, schedule in schedules.items()}
    return Comparison("mine", "within", 0.005, P, tuple(levels), None, schedules, verdicts, level_epochs=10)


@cache
def probable() -> Comparison:
    """Judged by the rule `model`, with a schedule that leaves the candidates; the other schedules are trained."""
    plain = full().levels
    intervals = RULES["model"].intervals(plain, 0.005)
    levels = [dataclasses.replace(level, interval=one) for level, one in zip(plain, intervals, strict=True)]
    surface = fit_surface(levels)
    schedules = named(levels) | {"beyond": LinearRamp(0.17, 1.5, 6)}
    verdicts = {name: judge(schedule, levels, surface, probable=True) for name, schedule in schedules.items()}
    comparison = Comparison("mine", "model", 0.005, P, tuple(levels), None, schedules, verdicts, level_epochs=10)
    return dataclasses.replace(comparison, runs=trained(comparison, ("constant", "s-cyc")))


def trained(comparison: Comparison, names: Sequence[str], seeds: Sequence[int] = SEEDS) -> dict[str, TrainedRun]:
    """Runs of schedules and of one that looks at the network first; inverse-density collapses at the last levels."""
    levels, noise = comparison.levels, random.Random(0)
    best = [[0.6 - 0.002 * m + noise.gauss(0, 0.01) for _ in seeds] for m in range(len(levels))]
    runs = {"oracle": run(comparison, "oracle", best, [[0.0] * len(seeds) for _ in levels], seeds)}
    for i, name in enumerate([*(name for name in names if name != "oracle"), "range-test"]):
        losses = [[0.002 * (i + 1) + noise.gauss(0, 0.001) for _ in seeds] for _ in levels]
        if name == "inverse-density":
            losses[-2:] = [[0.45] * len(seeds)] * 2
        runs[name] = run(comparison, name, best, losses, seeds)
    beyond = {name: np.array(_losses(runs["oracle"], one)[1:]) for name, one in runs.items() if one.levels[1:]}
    judged = regrets(beyond)
    judged |= holm({name: regret for name, regret in judged.items() if name != "oracle"})
    return {name: dataclasses.replace(one, regret=judged.get(name, one.regret)) for name, one in runs.items()}


def _losses(oracle: TrainedRun, one: TrainedRun) -> list[list[float]]:
    return [
        [best - own for best, own in zip(reference.scores, level.scores, strict=True)]
        for reference, level in zip(oracle.levels, one.levels, strict=True)
    ]


def run(
    comparison: Comparison,
    name: str,
    best: Sequence[Sequence[float]],
    losses: Sequence[Sequence[float]],
    seeds: Sequence[int],
) -> TrainedRun:
    found = []
    for level, top, loss in zip(comparison.levels, best, losses, strict=True):
        schedule = comparison.schedules.get(name)
        rates = tuple(schedule(level.level) if schedule else 0.2 * 1.1**i for i, _ in enumerate(seeds))
        accuracies = tuple(a - b for a, b in zip(top, loss, strict=True))
        diverged = len(seeds) * (min(loss) > 0.3)
        accuracy, regret = estimate(accuracies), estimate(loss)
        found.append(TrainedLevel(level.level, level.density, rates, accuracies, diverged, accuracy, regret))
    epochs = 10.0 * len(found) + (0 if name in comparison.schedules else 13)
    seeds = tuple(seeds)
    return TrainedRun(seeds, seeds, True, tuple(found), None, epochs, f"What came of {name}.")


def _curse(levels: Sequence[OracleLevel]) -> WinnersCurse:
    found = []
    for level in levels:
        chosen = level.mean(level.winner) or 0.0
        found.append(
            LevelCurse(
                level.level, level.density, chosen, chosen - 0.004, 0.05, 0.04, chosen, None if level.level else 0.8
            )
        )
    return WinnersCurse(
        tuple(found), 0.004, 0.01, Estimate(0.01, -0.002, 0.022), "The oracle is flattered by 1.00 points."
    )


def _one(accuracies: Mapping[float, Sequence[float]], interval: Interval | None = None) -> Comparison:
    return bare([OracleLevel(0, 1.0, min(accuracies), accuracies, interval)])


def _unjudged(comparison: Comparison) -> Comparison:
    levels = [
        dataclasses.replace(level, interval=None if level.level % 2 else level.interval) for level in full().levels
    ]
    return dataclasses.replace(comparison, levels=tuple(levels))


def _open() -> Comparison:
    levels = [
        dataclasses.replace(level, interval=Interval(level.winner / 1.5, level.winner * 1.5, True, True))
        for level in full().levels
    ]
    return dataclasses.replace(bare(levels), fit=fit_scyc(levels, P, refits=5))


def _partial() -> Comparison:
    """A run that has finished no level, and one of one seed and more levels than are decided, without a replay."""
    whole = full()
    level = whole.runs["constant"].levels[0]
    alone = dataclasses.replace(level, regret=None, score=Estimate(0.6, None, None), scores=(0.6,))
    late = dataclasses.replace(alone, level=1, density=0.8)
    runs = {
        "constant": TrainedRun((1,), (), False, (), None, 0.0, "Nothing is finished."),
        "s-cyc": TrainedRun((1,), (), False, (alone, late), None, 20.0, "Not compared."),
    }
    return dataclasses.replace(bare(whole.levels[:1]), runs=runs, search_epochs=240)


def odd() -> dict[str, Comparison]:
    one_seed = surface(SCyc(0.17, 0.25, 4.0, 1, P), levels=5, candidates=6, seeds=1, judge=within)
    single, first = bare(full().levels), bare(full().levels[:1])
    return {
        "full": full(),
        "many": many(),
        "bare": single,
        "no cost": dataclasses.replace(single, level_epochs=None),
        "one candidate": _one({0.1: [0.6, 0.7]}),
        "all equal": _one({0.1: [0.1], 0.2: [0.1]}, Interval(0.1, 0.2, True, True)),
        "one seed": dataclasses.replace(bare(one_seed), fit=fit_scyc(one_seed, P)),
        "half judged": _unjudged(full()),
        "open": _open(),
        "partial": _partial(),
        "no gradients left": dataclasses.replace(single, gradients=narrowing(single.levels, last=0.0)),
        "gradients of one level": dataclasses.replace(first, gradients=narrowing(first.levels)),
        "probable": probable(),
        "one schedule": bare(full().levels, {"s-cyc:delta=0.1": SCyc(0.1, 0.1)}),
    }
