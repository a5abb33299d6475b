"""The rule `paired`: a candidate is as good as the winner if the seeds cannot tell it from the best.

Multiple comparisons with the best (Hsu, "Multiple Comparisons: Theory and Methods", 1996, chapter 4) with the seeds as
blocks, since all candidates of a seed share initial weights, mask and data order.

What holds: at any one level, the interval holds the best candidate (where several are equally good, any one of them
that you name) with the stated probability, however many candidates there are. It holds for each level by itself: over
many levels, misses add up. "Best" is about more seeds on the same validation examples, since trials share them: how the
examples were drawn is not in the noise that seeds show.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from oracle.results.intervals.interval import Interval, around, mean
from oracle.results.intervals.noise import pooled
from oracle.results.intervals.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from oracle.results.intervals.rule import DecidedLevel

    Floats = NDArray[np.float64]

RACE = 0.02
"""Candidates further than this (times the metric's scale) below the best mean are out of the race.

Their noise says nothing about noise at the top: it is larger, the more so the further down."""

ERROR_RATE = 0.05
"""Probability that the true best is left out, at each pruning level."""


def paired(levels: Sequence[DecidedLevel], error_rate: float = ERROR_RATE) -> list[Interval | None]:
    """Return, for each level, the interval that holds all candidates that the seeds cannot tell from the best.

    A candidate is kept when its mean is no more than d s sqrt(2/n) below the winner's, with n seeds, s^2 the level's
    residual variance of the two-way layout (candidate + seed) over the candidates in the race, pooled over the levels
    as far as these agree, and d Dunnett's one-sided critical value. All candidates that did not diverge count as
    compared, in the race or not: which of them are in it is a matter of luck too. Which are does not bias s, because
    the residuals are independent of the means.

    Args:
        levels: decided levels of a study.
        error_rate: probability that the true best is left out at one level, in (0, 1).

    Returns:
        The intervals, from the first to the last candidate that is kept, in the order of the levels; None for a level
        with fewer than two seeds, or fewer than two candidates that did not diverge.
    """
    sound = [_sound(level) for level in levels]
    judged = [i for i, found in enumerate(sound) if len(found) > 1 and len(found[0]) > 1]
    if not judged:
        return [None] * len(levels)
    races = [_race(sound[i], 1, levels[i].scale) for i in judged]
    if not any(len(race) > 1 for race in races):
        races = [_race(sound[i], 2, levels[i].scale) for i in judged]
    import numpy as np  # not needed by those who only list the rules

    from oracle.surface.two_way import residuals

    intervals: list[Interval | None] = [None] * len(levels)
    noise = pooled(*zip(*(residuals(np.array(race)) for race in races), strict=True))
    for i, (variance, freedom) in zip(judged, noise, strict=True):
        d = dunnett_quantile(len(sound[i]) - 1, _rounded(freedom), error_rate)
        margin = d * math.sqrt(2 * variance / len(sound[i][0]))
        intervals[i] = around(_as_known(levels[i]), levels[i].winner, margin, past_dips=True)
    return intervals


def _sound(level: DecidedLevel) -> list[Sequence[float]]:
    """Return the scores of the candidates that did not diverge, the best mean first.

    A candidate that a search did not train on all seeds is compared by `_as_known`, but says nothing of the noise.
    """
    sound = [
        level.scores[max_lr]
        for max_lr in sorted(level.scores)
        if max_lr not in level.diverged and level.times_trained(max_lr) == len(level.scores[max_lr])
    ]
    return sorted(sound, key=mean, reverse=True)


def _as_known(level: DecidedLevel) -> Mapping[float, Sequence[float]]:
    """Return scores in which every mean is as certain: of candidates with fewer seeds, the shortfall is smaller.

    On m of the n seeds, a difference has a standard error that is sqrt(n/m) times as large.
    """
    if not level.trained:
        return level.marked
    best = mean(level.scores[level.winner])
    return {
        **level.marked,
        **{
            rate: [best - (best - mean(values)) * math.sqrt(level.times_trained(rate) / len(values))]
            for rate, values in level.scores.items()
        },
    }


def _race(sound: Sequence[Sequence[float]], fewest: int, scale: float) -> list[Sequence[float]]:
    """Return the scores of the candidates in the race, and of the `fewest` best anyway."""
    least = mean(sound[0]) - RACE * scale
    return [values for place, values in enumerate(sound) if place < fewest or mean(values) >= least]


@lru_cache(maxsize=1024)
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

    nodes, weights, points, masses = _quadrature()
    chi_square = 2 * gammaincinv(freedom / 2, (points + 1) / 2)  # its quantiles
    scales = np.sqrt(chi_square / freedom)

    def coverage(d: float) -> float:
        given_scale = ndtr(nodes[:, None] + math.sqrt(2) * d * scales[None, :]) ** comparisons
        return float(weights @ given_scale @ masses)

    return float(brentq(lambda d: coverage(d) - (1 - error_rate), 0.0, 1e4))


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Floats, Floats, Floats, Floats]:
    """Return nodes and weights over the standard normal distribution, and over the uniform one on (-1, 1)."""
    import numpy as np

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    points, masses = np.polynomial.legendre.leggauss(200)
    return nodes, weights / weights.sum(), points, masses / 2


def _rounded(freedom: float) -> int:
    """Return degrees of freedom rounded down to two digits, at least 1, so that few critical values are computed."""
    unit: int = 10 ** max(0, len(str(int(freedom))) - 2)
    return max(1, int(freedom) // unit * unit)


PAIRED = Rule(
    lambda levels, _: paired(levels),
    "the range of max_lr from the first to the last candidate that the seeds cannot tell from the best, by multiple "
    "comparisons with the best (Hsu), seeds as blocks, their noise pooled over the levels; at each level by itself it "
    f"leaves out the best candidate with a probability of {100 * ERROR_RATE:g}\u202f% at most, but over many levels "
    "such misses add up; the best is the one on these validation examples",
    needs="two seeds or more",
)
