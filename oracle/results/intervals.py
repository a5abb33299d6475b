"""The oracle interval: the range of max_lr that is as good as the winner.

The papers name the "Oracle optimized interval" but do not define it; both rules here are this project's own. Both
take the candidates around the winner whose mean validation accuracy is no more than a margin below the winner's, and
differ in the margin: a stated tolerance (`within`), or what chance explains (`paired`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOLERANCE = 0.005
"""Margin of the `within` rule: half a point of accuracy."""

RACE = 0.05
"""Candidates this far below the winner are out of the race: their noise says nothing about that at the top.

The runner-up always is in it."""

LEVEL = 0.05
"""Error rate of the `paired` rule at each pruning level."""


@dataclass(frozen=True)
class Interval:
    """A range of `max_lr`. A bound is open when the candidates do not reach far enough to see it."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False


def within(accuracies: Mapping[float, Sequence[float]], winner: float, tolerance: float = TOLERANCE) -> Interval | None:
    """Return the candidates around the winner whose mean is no more than `tolerance` below the winner's.

    Args:
        accuracies: by `max_lr`, validation accuracies (fractions), one per seed, seeds in the same order.
        winner: the winning `max_lr`.
        tolerance: the margin, a fraction.

    Returns:
        The interval, its bounds interpolated in log `max_lr` where the mean crosses the margin; None when there is
        nothing to compare the winner with.
    """
    return _around(accuracies, winner, tolerance)


def paired(accuracies: Mapping[float, Sequence[float]], winner: float, level: float = LEVEL) -> Interval | None:
    """Return the candidates around the winner that cannot be told from the best one.

    Multiple comparisons with the best (Hsu, "Multiple Comparisons: Theory and Methods", 1996, chapter 4) with the
    seeds as blocks, since all candidates of a seed share initial weights, mask and data order: a candidate is kept
    when its mean is less than d s sqrt(2/n) below the winner's, with n seeds, s^2 the residual variance of the
    two-way layout (candidate + seed) over the candidates in the race, and d Dunnett's one-sided critical value.

    Args:
        accuracies: by `max_lr`, validation accuracies (fractions), one per seed, seeds in the same order.
        winner: the winning `max_lr`.
        level: probability that the true best is left out, in (0, 1).

    Returns:
        The interval; None with fewer than two seeds or fewer than two candidates.
    """
    means = {max_lr: _mean(values) for max_lr, values in accuracies.items()}
    seeds = len(accuracies[winner])
    if len(means) < 2 or seeds < 2:
        return None
    runner_up = max(mean for max_lr, mean in means.items() if max_lr != winner)
    race = [max_lr for max_lr in sorted(means) if means[max_lr] >= min(means[winner] - RACE, runner_up)]
    table = np.array([accuracies[max_lr] for max_lr in race])
    residuals = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    freedom = (len(race) - 1) * (seeds - 1)
    spread = math.sqrt(float((residuals**2).sum()) / freedom)
    return _around(accuracies, winner, dunnett_quantile(len(race) - 1, freedom, level) * spread * math.sqrt(2 / seeds))


@lru_cache(maxsize=256)
def dunnett_quantile(comparisons: int, freedom: int, level: float = LEVEL) -> float:
    """Return Dunnett's one-sided critical value for equal group sizes.

    It is the d with P(max_i (Z_i - Z_0) / (sqrt(2) S) <= d) = 1 - level, where Z_0 ... Z_k are standard normal and
    S^2 is chi-square over its degrees of freedom (Dunnett 1955). By quadrature, so the same on every call.

    Args:
        comparisons: number k of groups compared with one, >= 1.
        freedom: degrees of freedom of the variance, >= 1.
        level: error rate of all comparisons together, in (0, 1).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    points, masses = np.polynomial.legendre.leggauss(200)
    from scipy.optimize import brentq  # a second of a sweep's start, which needs no intervals
    from scipy.special import gammaincinv, ndtr

    chi_square = 2 * gammaincinv(freedom / 2, (points + 1) / 2)  # its quantiles
    scales = np.sqrt(chi_square / freedom)

    def coverage(d: float) -> float:
        given_scale = ndtr(nodes[:, None] + math.sqrt(2) * d * scales[None, :]) ** comparisons
        return float(weights @ given_scale @ (masses / 2))

    return float(brentq(lambda d: coverage(d) - (1 - level), 0.0, 1e4))


def _around(accuracies: Mapping[float, Sequence[float]], winner: float, margin: float) -> Interval | None:
    if len(accuracies) < 2:
        return None
    rates = sorted(accuracies)
    means = [_mean(accuracies[rate]) for rate in rates]
    place = rates.index(winner)
    threshold = means[place] - margin
    low, low_open = _bound(rates[place::-1], means[place::-1], threshold)
    high, high_open = _bound(rates[place:], means[place:], threshold)
    return Interval(low, high, low_open, high_open)


def _bound(rates: Sequence[float], means: Sequence[float], threshold: float) -> tuple[float, bool]:
    """Walk outwards from the winner to where the mean crosses the threshold; open when it never does."""
    for inner in range(len(rates) - 1):
        if means[inner + 1] < threshold:
            share = (means[inner] - threshold) / (means[inner] - means[inner + 1])
            return rates[inner] * (rates[inner + 1] / rates[inner]) ** share, False
    return rates[-1], True


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
