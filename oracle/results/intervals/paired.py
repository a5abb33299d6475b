"""The rule `paired`: a candidate is as good as the winner if the seeds cannot tell it from the best.

Multiple comparisons with the best (Hsu, "Multiple Comparisons: Theory and Methods", 1996, chapter 4) with the seeds as
blocks, since all candidates of a seed share initial weights, mask and data order.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from oracle.results.intervals.interval import Interval, around, mean
from oracle.results.intervals.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

RACE = 0.05
"""Candidates further than this below the winner are out of the race: their noise says nothing about noise at the top.

The runner-up is always in it."""

ERROR_RATE = 0.05
"""Probability that the true best is left out, at each pruning level."""


def paired(
    accuracies: Mapping[float, Sequence[float]],
    winner: float,
    error_rate: float = ERROR_RATE,
    diverged: Collection[float] = (),
) -> Interval | None:
    """Return the interval around the winner that the seeds cannot tell from the best candidate.

    A candidate is kept when its mean is less than d s sqrt(2/n) below the winner's, with n seeds, s^2 the residual
    variance of the two-way layout (candidate + seed) over the candidates in the race, and d Dunnett's one-sided
    critical value.

    Args:
        accuracies: by `max_lr`, validation accuracies (fractions), one per seed, seeds in the same order.
        winner: the winning `max_lr`.
        error_rate: probability that the true best is left out, in (0, 1).
        diverged: candidates that are never in the race; the winner is none of them.

    Returns:
        The interval; None with fewer than two seeds, or fewer than two candidates that did not diverge.
    """
    means = {max_lr: mean(values) for max_lr, values in accuracies.items() if max_lr not in diverged}
    seeds = len(accuracies[winner])
    if len(means) < 2 or seeds < 2:
        return None
    import numpy as np  # not needed by those who only list the rules

    runner_up = max(accuracy for max_lr, accuracy in means.items() if max_lr != winner)
    race = [max_lr for max_lr in sorted(means) if means[max_lr] >= min(means[winner] - RACE, runner_up)]
    table = np.array([accuracies[max_lr] for max_lr in race])
    residuals = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    freedom = (len(race) - 1) * (seeds - 1)
    spread = math.sqrt(float((residuals**2).sum()) / freedom)
    d = dunnett_quantile(len(race) - 1, freedom, error_rate)
    return around(accuracies, winner, d * spread * math.sqrt(2 / seeds))


@lru_cache(maxsize=256)
def dunnett_quantile(comparisons: int, freedom: int, error_rate: float = ERROR_RATE) -> float:
    """Return Dunnett's one-sided critical value for equal group sizes.

    It is the d with P(max_i (Z_i - Z_0) / (sqrt(2) S) <= d) = 1 - error_rate, where Z_0 ... Z_k are standard normal and
    S^2 is chi-square over its degrees of freedom (Dunnett 1955). By quadrature, so the same on every call.

    Args:
        comparisons: number k of groups compared with one, >= 1.
        freedom: degrees of freedom of the variance, >= 1.
        error_rate: of all comparisons together, in (0, 1).
    """
    import numpy as np
    from scipy.optimize import brentq
    from scipy.special import gammaincinv, ndtr

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    points, masses = np.polynomial.legendre.leggauss(200)
    chi_square = 2 * gammaincinv(freedom / 2, (points + 1) / 2)  # its quantiles
    scales = np.sqrt(chi_square / freedom)

    def coverage(d: float) -> float:
        given_scale = ndtr(nodes[:, None] + math.sqrt(2) * d * scales[None, :]) ** comparisons
        return float(weights @ given_scale @ (masses / 2))

    return float(brentq(lambda d: coverage(d) - (1 - error_rate), 0.0, 1e4))


PAIRED = Rule(
    lambda levels, _: [paired(level.accuracies, level.winner, diverged=level.diverged) for level in levels],
    "the range of max_lr around the winner that the seeds cannot tell from the best, by multiple comparisons with the "
    f"best (Hsu) with seeds as blocks and an error rate of {100 * ERROR_RATE:g}\u202f% per level",
    needs="two seeds or more",
)
