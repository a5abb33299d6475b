"""An interval of max_lr, and how to find it: from the winner outwards, until the accuracy falls by a margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOLERANCE = 0.005
"""The default margin of a rule that has one: half a point of accuracy."""


@dataclass(frozen=True)
class Interval:
    """A range of `max_lr`. A bound is open if the candidates do not reach far enough to show it."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False


def around(accuracies: Mapping[float, Sequence[float]], winner: float, margin: float) -> Interval | None:
    """Return the range around the winner in which the mean accuracy is no more than a margin below the winner's.

    Args:
        accuracies: by `max_lr`, validation accuracies (fractions), one per seed, seeds in the same order.
        winner: the winning `max_lr`.
        margin: a fraction, >= 0.

    Returns:
        The interval, its bounds interpolated in log `max_lr` where the mean crosses the margin; None if there is
        nothing to compare the winner with.
    """
    if len(accuracies) < 2:
        return None
    rates = sorted(accuracies)
    means = [mean(accuracies[rate]) for rate in rates]
    place = rates.index(winner)
    threshold = means[place] - margin
    low, low_open = _bound(rates[place::-1], means[place::-1], threshold)
    high, high_open = _bound(rates[place:], means[place:], threshold)
    return Interval(low, high, low_open, high_open)


def mean(values: Sequence[float]) -> float:
    """Return the mean of at least one value, the same whatever their order."""
    return math.fsum(values) / len(values)


def _bound(rates: Sequence[float], means: Sequence[float], threshold: float) -> tuple[float, bool]:
    """Walk outwards from the winner to where the mean crosses the threshold; open when it never does."""
    for inner in range(len(rates) - 1):
        if means[inner + 1] < threshold:
            share = (means[inner] - threshold) / (means[inner] - means[inner + 1])
            return rates[inner] * (rates[inner + 1] / rates[inner]) ** share, False
    return rates[-1], True
