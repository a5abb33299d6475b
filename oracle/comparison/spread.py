"""How far schedules' losses scatter over seeds, when few seeds were trained: each spread learns from the others.

Three seeds leave two degrees of freedom, so a spread can be small by luck. Schedules that were trained on the same
seeds mostly scatter alike. So the variance of each is drawn towards that of all, as in limma (Smyth, "Linear models and
empirical Bayes methods for assessing differential expression", 2004): sigma^2 of a schedule has a scaled inverse chi-
square prior with d0 degrees of freedom and scale s0^2. A handful of schedules does not fix these two numbers, so they
are averaged over, each weighted by how well it explains the variances that were seen.

Two things differ from limma. The differences of all schedules share the oracle's own noise, so their variances are not
independent: the weight of the evidence is cut to what as many independent ones would carry. And a schedule that
collapses, whose losses scatter far more than those of the others, stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, gammaln, polygamma
from scipy.stats import f as fisher

from oracle.results.intervals.noise import inverse_trigamma

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_PRIOR_FREEDOMS = np.array([1.0, 2, 4, 8, 16, 32, 64, 256])
_PRIOR_SCALES = np.exp(np.linspace(-3, 3, 41))
"""The prior's parameters that are averaged over; the scales are relative to the median variance."""

_FLOOR = 1e-4
"""A variance below this part of the median counts as this part: its logarithm would outweigh the rest."""


def moderated(losses: Sequence[Floats]) -> list[tuple[float, float]]:
    """Return each schedule's variance over seeds, and its degrees of freedom.

    Args:
        losses: of each schedule, shape (levels, seeds); the same seeds, at least two, and the same levels.

    Returns:
        The variance of the mean over levels from one seed to another, and the degrees of freedom of Student's t that go
        with it, seeds - 1 or more.
    """
    of_seed = [loss.mean(axis=0) for loss in losses]
    own = np.array([values.var(ddof=1) for values in of_seed])
    freedom = of_seed[0].size - 1 if of_seed else 0
    found = [(float(variance), float(freedom)) for variance in own]
    together = alike(losses)
    middle = float(np.median(own[together])) if together else 0.0
    if len(together) < 2 or middle <= 0:
        return found
    seen = np.maximum(own[together], _FLOOR * middle)
    share = _independent(np.stack([of_seed[i] for i in together])) / len(together)
    for i, answer in zip(together, _averaged(seen, freedom, middle, share), strict=True):
        found[i] = answer
    return found


def alike(losses: Sequence[Floats]) -> list[int]:
    """Return the places of the schedules that scatter alike: their spreads may learn from each other.

    A schedule stands alone if the variance of its losses over seeds, averaged over levels, is more than the 95th
    percentile of F(seeds - 1, 3 (seeds - 1)) times the median schedule's; and so does one whose losses are all zero,
    since it trained the same networks as the oracle's curve.
    """
    at_levels = np.array([loss.var(axis=1, ddof=1).mean() for loss in losses])
    different = np.array([bool(np.any(loss)) for loss in losses], dtype=bool)
    if not different.any():
        return []
    freedom = losses[0].shape[1] - 1
    ordered = np.sort(at_levels[different])
    most = ordered[(len(ordered) - 1) // 2] * fisher.ppf(0.95, freedom, 3 * freedom)
    return np.flatnonzero(different & (at_levels <= most)).tolist()


def _independent(of_seed: Floats) -> float:
    """Return how many independent variances would carry as much evidence as those of these rows, shape (k, seeds).

    Sample variances of two normal variables with correlation r have the correlation r^2.
    """
    k = len(of_seed)
    centred = of_seed - of_seed.mean(axis=1, keepdims=True)
    own = float((centred**2).sum())
    shared = float((centred.sum(axis=0) ** 2).sum()) - own
    r = min(max(shared / ((k - 1) * own), 0.0), 1.0)
    return k / (1 + (k - 1) * r**2)


def _averaged(seen: Floats, freedom: int, middle: float, share: float) -> list[tuple[float, float]]:
    """Return each variance's posterior as the scaled inverse chi-square with the same mean and variance of its log."""
    d0, s0 = _PRIOR_FREEDOMS[:, None, None], middle * _PRIOR_SCALES[None, :, None]
    ratio, a, b = seen / s0, freedom / 2, d0 / 2
    log_density = gammaln(a + b) - gammaln(b) + a * np.log(ratio / d0) - (a + b) * np.log1p(freedom * ratio / d0)
    evidence = share * log_density.sum(axis=2)
    weights = np.exp(evidence - evidence.max())[:, :, None]
    weights /= weights.sum()
    total = d0 + freedom
    centre = np.log((d0 * s0 + freedom * seen) / 2) - digamma(total / 2)
    mean = (weights * centre).sum(axis=(0, 1))
    variance = (weights * (polygamma(1, total / 2) + (centre - mean) ** 2)).sum(axis=(0, 1))
    answers = []
    for log_mean, log_variance in zip(mean.tolist(), variance.tolist(), strict=True):
        half = inverse_trigamma(log_variance)
        answers.append((float(np.exp(log_mean + digamma(half)) / half), 2 * half))
    return answers
