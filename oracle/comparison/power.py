"""What a number of seeds can tell, and how many would tell a given difference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", float, "NDArray[np.float64]")

POWER = 0.8
"""A difference counts as one that can be told if its 95 % interval leaves out 0 in this share of the cases."""

CONFIDENCE = 0.95

MOST_SEEDS = 1000

_LEVEL = (1 + CONFIDENCE) / 2


def combined(of_seeds: tuple[Number, Number], of_examples: tuple[float, float]) -> Number:
    """Return the degrees of freedom of the sum of two variances, by Satterthwaite's formula.

    Args:
        of_seeds: a variance (or several) and its degrees of freedom.
        of_examples: the other; 0 leaves the first's.
    """
    share = of_seeds[0] / (of_seeds[0] + of_examples[0]) if of_examples[0] else 1.0
    return 1 / (share**2 / of_seeds[1] + (1 - share) ** 2 / of_examples[1])


def told_by(
    seeds: NDArray[np.int64], trained: int, spread: tuple[float, float], sampling: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the smallest differences that these numbers of seeds tell, in the unit of the spread.

    Args:
        seeds: the numbers, each >= 2.
        trained: the number of seeds that the spread was estimated from, >= 2.
        spread: variance over seeds, and its degrees of freedom.
        sampling: variance of the mean by the choice of the test examples, which no number of seeds lowers, and its
            degrees of freedom.
    """
    of_seeds = spread[0] / seeds, spread[1] * (seeds - 1) / (trained - 1)
    freedom = combined(of_seeds, sampling)
    factor = student.ppf(_LEVEL, freedom) + student.ppf(POWER, freedom)
    return np.asarray(factor * np.sqrt(of_seeds[0] + sampling[0]))


def limit(sampling: tuple[float, float]) -> float:
    """Return the smallest difference that any number of seeds could tell with this test set."""
    return float(norm.ppf(_LEVEL) + norm.ppf(POWER)) * math.sqrt(sampling[0])


def seeds_to_tell(
    difference: float, trained: int, spread: tuple[float, float], sampling: tuple[float, float]
) -> int | None:
    """Return how many seeds tell a difference, at least `trained`; None if `MOST_SEEDS` do not. See `told_by`."""
    counts = np.arange(trained, max(trained, MOST_SEEDS) + 1)
    enough = counts[told_by(counts, trained, spread, sampling) <= difference]
    return int(enough[0]) if enough.size else None
