"""How much the seeds of each level disagree, when levels lend each other what they know.

A level alone has few degrees of freedom. All levels together have many, but their noise need not be the same. So each
level's variance is drawn towards what the levels have in common, as far as they agree (Smyth, "Linear models and
empirical Bayes methods for assessing differential expression in microarray experiments", 2004, section 6): the more
alike they are, the closer this comes to one variance for all. A level that looks quieter than all together may do so by
luck, so it counts as no quieter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


FLOOR = 1e-5
"""A level's variance counts as this share of the common one at least: a level without any noise has no logarithm."""


def pooled(squares: Sequence[float], freedoms: Sequence[int]) -> list[tuple[float, float]]:
    """Return each level's variance and its degrees of freedom, with what the other levels say of it.

    No variance is below the one of all levels together.

    Args:
        squares: residual sum of squares, >= 0, one per level.
        freedoms: their degrees of freedom, >= 0, of which one at least is > 0. A level with none takes what the levels
            have in common.
    """
    import numpy as np
    from scipy.special import digamma, polygamma

    total = sum(freedoms)
    common = math.fsum(squares) / total
    of_all = [(common, float(total))] * len(squares)
    free = np.array([freedom for freedom in freedoms if freedom])
    if len(free) < 2 or common == 0:
        return of_all
    variances = np.array([square for square, freedom in zip(squares, freedoms, strict=True) if freedom]) / free
    logs = np.log(np.maximum(variances, FLOOR * common)) - digamma(free / 2) + np.log(free / 2)
    excess = float(np.var(logs, ddof=1) - polygamma(1, free / 2).mean())  # how much more they differ than by chance
    if excess <= 0:
        return of_all
    half = inverse_trigamma(excess)
    prior, weight = math.exp(float(logs.mean() + digamma(half)) - math.log(half)), 2 * half
    return [
        (max(common, (weight * prior + square) / (weight + freedom)), min(weight + freedom, float(total)))
        for square, freedom in zip(squares, freedoms, strict=True)
    ]


def inverse_trigamma(value: float) -> float:
    """Return the x > 0 whose trigamma is `value` > 0; trigamma lies between 1/x and 1/x + 1/x²."""
    from scipy.optimize import brentq
    from scipy.special import polygamma

    low, high = 1 / value, (1 + math.sqrt(1 + 4 * value)) / (2 * value)
    return float(brentq(lambda x: polygamma(1, x) - value, low * (1 - 1e-9), high * (1 + 1e-9)))
