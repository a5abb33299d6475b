"""Trained schedules, compared with the oracle's own curve trained again on the same seeds.

The oracle picks the best of many noisy candidates, so the accuracies by which it picked its winners flatter it. So
schedules are compared with its curve, trained again on seeds that had no part in the choice: same seeds, same data
order, level by level, so that differences are paired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import t as student

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from oracle.results.run_view import RunView
    from scyc import Policy
    from studies import TrialRecord, TrialResult

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval (Student's t over seeds); one value alone has no interval."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class TrainedLevel:
    """A run at one level.

    Attributes:
        max_lrs: one per seed of the run; they differ if the schedule measures something first.
        test_accuracies: one per seed, fractions; 0 where the training is not finite, whose network answers nothing.
        diverged: on how many seeds the trial diverged.
        accuracy: mean test accuracy.
        regret: test accuracy of the oracle's curve minus this one's, paired by the seeds that both have; None if there
            are no such seeds.
    """

    level: int
    density: float
    max_lrs: tuple[float, ...]
    test_accuracies: tuple[float, ...]
    diverged: int
    accuracy: Estimate
    regret: Estimate | None


@dataclass(frozen=True)
class TrainedRun:
    """A run of one schedule.

    Attributes:
        seeds: the seeds that it was trained on.
        paired: those seeds that the oracle's curve was trained on too.
        fresh: whether none of the seeds had a part in the oracle's choice.
        levels: the levels that every seed has finished.
        regret: mean over all levels but the dense one and those where the oracle is silent, paired by seed; None if the
            oracle's curve was not trained.
        epochs: epochs trained per seed, including what the schedule trains to measure.
        sentence: the same in plain words.
    """

    seeds: tuple[int, ...]
    paired: tuple[int, ...]
    fresh: bool
    levels: tuple[TrainedLevel, ...]
    regret: Estimate | None
    epochs: float
    sentence: str


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of `values` (one per seed, at least one) with its interval."""
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Estimate(mean, None, None)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(student.ppf((1 + CONFIDENCE) / 2, n - 1)) * spread / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half)


def judge_run(
    run: RunView,
    oracle: RunView | None,
    chosen_on: Collection[int],
    search_epochs: float,
    silent: Collection[int] = (),
) -> TrainedRun:
    """Return a run's results, compared with the oracle's curve.

    Args:
        run: a run with at least one seed that has finished a level.
        oracle: the run of the oracle's curve, if it was trained.
        chosen_on: the seeds that the oracle chose its winners on.
        search_epochs: epochs per seed that the oracle's search took.
        silent: levels that take no part in the mean regret, because the oracle has no winner there.
    """
    seeds = tuple(run.paths)
    depth = min(map(len, run.paths.values()))
    reference = oracle.paths if oracle is not None else {}
    paired = tuple(seed for seed in seeds if seed in reference)
    levels, regrets = [], []
    for level in range(depth):
        trials = [path[level] for path in run.paths.values()]
        common = [seed for seed in paired if len(reference[seed]) > level]
        losses = [_test(reference[seed][level]) - _test(run.paths[seed][level]) for seed in common]
        accuracies = tuple(_test(trial) for trial in trials)
        levels.append(
            TrainedLevel(
                level,
                _result(trials[0]).density,
                tuple(trial.max_lr for trial in trials),
                accuracies,
                sum(_result(trial).diverged for trial in trials),
                estimate(accuracies),
                estimate(losses) if losses else None,
            )
        )
        if level and level not in silent and paired and len(common) == len(paired):
            regrets.append(losses)
    regret = (
        estimate([math.fsum(by_seed) / len(by_seed) for by_seed in zip(*regrets, strict=True)]) if regrets else None
    )
    fresh = not set(seeds) & set(chosen_on)
    epochs = run.epochs / len(seeds)
    cost = f"{epochs:,.0f} epochs per seed where the search took {search_epochs:,.0f}"
    sentence = _sentence(run.policy, len(seeds), fresh, regret, cost) + _on_divergence(levels)
    return TrainedRun(seeds, paired, fresh, tuple(levels), regret, epochs, sentence)


def _sentence(policy: Policy, seeds: int, fresh: bool, regret: Estimate | None, cost: str) -> str:
    text = f"Trained for real on {seeds} {'fresh ' if fresh else ''}seed{'s' if seeds > 1 else ''}"
    if not fresh:
        text += ", some of which chose the oracle's winners,"
    if regret is None:
        text += f" it took {cost}; what it loses is known once the oracle's curve is trained on the same seeds."
    else:
        text += f" it {_difference(regret)}, for {cost}."
    others = [f"rewind {policy.rewind}"] if policy.rewind else []
    others += [f"profile {policy.profile}"] if policy.profile else []
    return text + (f" It differs from the oracle in more than max_lr: {', '.join(others)}." if others else "")


def _on_divergence(levels: Sequence[TrainedLevel]) -> str:
    diverged = sum(level.diverged for level in levels)
    if not diverged:
        return ""
    return (
        f" {diverged} of its {sum(len(level.max_lrs) for level in levels)} trainings diverged; one that is not finite "
        "counts with an accuracy of 0."
    )


def _difference(regret: Estimate) -> str:
    sign = 1 if regret.mean >= 0 else -1
    verb, points = "loses" if sign > 0 else "gains", abs(100 * regret.mean)
    text = f"{verb} {points:.2f} points of test accuracy against the oracle's curve"
    if regret.low is None or regret.high is None:
        return f"{text} (one seed has no interval)"
    low, high = sorted((100 * sign * regret.low, 100 * sign * regret.high))
    verdict = "a difference" if low > 0 else "no difference that these seeds can tell from chance"
    return f"{text} (95 % interval {low:.2f} to {high:.2f}: {verdict})"


def _result(trial: TrialRecord) -> TrialResult:
    if trial.result is None:
        raise ValueError(f"Trial {trial.id} of a path is not complete.")
    return trial.result.counted


def _test(trial: TrialRecord) -> float:
    return _result(trial).test_accuracy
