"""An interval of max_lr, and how to find it: outwards, until the score falls by a margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SLACK = 0.01
"""How far beyond a bound a `max_lr` still counts as inside, as a fraction of it.

Bounds are interpolated between candidates that lie tens of percent apart, so a hundredth is less than what is known."""


@dataclass(frozen=True)
class Interval:
    """A range of `max_lr`.

    Attributes:
        low: the lower bound.
        high: the upper bound.
        low_open: whether the candidates do not reach far enough down to show the lower bound.
        high_open: the same of the upper bound.
        gaps: candidates between the bounds that are not as good as the winner, ascending.
    """

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False
    gaps: tuple[float, ...] = ()

    def off(self, max_lr: float) -> float:
        """Return how far a `max_lr` is from the interval, as a factor.

        It is 1 inside, within `SLACK` of a bound, and beyond an open bound, where nothing was tried; 1.5 at 1.5 times
        the upper bound, and 0.5 at half the lower bound.
        """
        if max_lr > self.high * (1 + SLACK) and not self.high_open:
            return max_lr / self.high
        if max_lr * (1 + SLACK) < self.low and not self.low_open:
            return max_lr / self.low
        return 1.0


def around(
    scores: Mapping[float, Sequence[float]], winner: float, margin: float, *, past_dips: bool = False
) -> Interval | None:
    """Return the range around the winner in which the mean score is no more than a margin below the winner's.

    Args:
        scores: by `max_lr`, validation scores, one per seed, seeds in the same order.
        winner: the winning `max_lr`.
        margin: a fraction, >= 0.
        past_dips: whether the range goes from the first to the last candidate that is no more than the margin below,
            whatever lies between: candidates that are further below are its gaps. If not, the nearest one ends it.

    Returns:
        The interval, its bounds interpolated in log `max_lr` where the mean crosses the margin, between the last
        candidate inside and the next one; None if there is nothing to compare the winner with.
    """
    if len(scores) < 2:
        return None
    rates = sorted(scores)
    means = [mean(scores[rate]) for rate in rates]
    first = last = rates.index(winner)
    threshold = means[first] - margin
    if past_dips:
        inside = [i for i, value in enumerate(means) if value >= threshold]
        first, last = inside[0], inside[-1]
    low, low_open = _bound(rates[first::-1], means[first::-1], threshold)
    high, high_open = _bound(rates[last:], means[last:], threshold)
    gaps = tuple(rates[i] for i in range(first, last) if means[i] < threshold)
    return Interval(low, high, low_open, high_open, gaps)


def mean(values: Sequence[float]) -> float:
    """Return the mean of at least one value, the same whatever their order."""
    return math.fsum(values) / len(values)


def _bound(rates: Sequence[float], means: Sequence[float], threshold: float) -> tuple[float, bool]:
    """Walk outwards from a candidate inside to where the mean crosses the threshold; open when it never does."""
    for inner in range(len(rates) - 1):
        if means[inner + 1] < threshold:
            share = (means[inner] - threshold) / (means[inner] - means[inner + 1])
            return rates[inner] * (rates[inner + 1] / rates[inner]) ** share, False
    return rates[-1], True
