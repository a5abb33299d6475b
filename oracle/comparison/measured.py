"""Schedules trained for real, beside the oracle's own curve trained again on the same seeds.

The oracle picks the best of many noisy candidates, so what its winners reached while they were picked flatters it. Its
curve replayed on seeds that had no part in the choice is what schedules are compared with: same seeds, same data order,
level by level, so that differences are paired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import t as student

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval (Student's t over seeds); one value alone has no interval."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class MeasuredLevel:
    """A run at one level, on the seeds that both it and the replayed oracle have finished.

    Attributes:
        max_lrs: one per seed; they differ where a schedule measures something first.
        test_accuracies: one per seed, fractions.
        diverged: on how many seeds.
        accuracy: mean test accuracy.
        regret: the replayed oracle's test accuracy minus this one's, paired by seed; None where the oracle's is not
            known.
    """

    level: int
    density: float
    max_lrs: tuple[float, ...]
    test_accuracies: tuple[float, ...]
    diverged: int
    accuracy: Estimate
    regret: Estimate | None


@dataclass(frozen=True)
class MeasuredRun:
    """A run of one schedule.

    Attributes:
        seeds: that it was trained on.
        fresh: whether none of them had a part in the oracle's choice.
        levels: those that every seed has finished.
        regret: mean over the levels beyond the dense one, paired by seed; None where the oracle's is not known.
        epochs: trained per seed, what it measures first included.
    """

    seeds: tuple[int, ...]
    fresh: bool
    levels: tuple[MeasuredLevel, ...]
    regret: Estimate | None
    epochs: float


@dataclass(frozen=True)
class LevelCurse:
    """How much its choice flatters the oracle at one level.

    Attributes:
        chosen: mean validation accuracy of the winner on the seeds that chose it.
        held_out: the same when each seed is judged by the winner that the others chose; None with one seed.
        fresh: mean validation accuracy of the replayed oracle on fresh seeds; None where it was not run.
    """

    level: int
    density: float
    chosen: float
    held_out: float | None
    fresh: float | None


@dataclass(frozen=True)
class WinnersCurse:
    """The oracle's winner's curse.

    Attributes:
        held_out: chosen minus held out, mean over levels; None with one seed.
        fresh: chosen minus fresh, mean over levels, with an interval over both sets of seeds; None where it was not run.
    """

    levels: tuple[LevelCurse, ...]
    held_out: float | None
    fresh: Estimate | None
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
