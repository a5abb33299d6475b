"""The prior of the surface: a Gaussian process over log `max_lr` and level, and priors of what it depends on.

At each level the score near the top is a constant, plus a parabola whose slope and curvature drift from level to
level, plus a cubic term that all levels share (tops are gentle to the left and steep to the right), plus a smooth
remainder. The drift is a Matern process of order 3/2, which can also jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from oracle.surface.observations import Floats

MEDIAN = np.log([3.0, 3.0, 4.0, 1.0, 0.5, 0.15, 4.0])
"""Medians of the log-normal priors of the `Hyperparameters`, in their order, as logarithms."""

SPREAD = np.array([1.0, 1.0, 0.7, 0.8, 0.5, 0.8, 0.7])
"""Standard deviations of the priors' logarithms."""

LEVEL_CONSTANT = 100.0
"""Standard deviation of a level's constant, in points: it may be anything."""

PARABOLA = 30.0
"""That of the slope and the curvature that all levels share."""

CUBIC = 5.0
"""That of the cubic term."""


def matern(distance: Floats, length: float) -> tuple[Floats, Floats]:
    """Return the Matern correlation of order 3/2, and its derivative by the logarithm of the length."""
    scaled = math.sqrt(3) * distance / length
    decay = np.exp(-scaled)
    return (1 + scaled) * decay, scaled**2 * decay


def shared(xx: Floats) -> Floats:
    """Return the covariance of what all levels share, from the products x x'."""
    return np.asarray(PARABOLA**2 * (xx + xx**2) + CUBIC**2 * xx**3)


@dataclass(frozen=True)
class Hyperparameters:
    """What the prior depends on; all are positive.

    Attributes:
        slope: how far the slope drifts, in points at the ends of the range.
        curvature: how far the curvature drifts, likewise.
        drift: over how many levels they do.
        remainder: size of the remainder, in points.
        width: its width; x runs from -1 to 1.
        nugget: what is left as noise of each cell, in points.
        remainder_drift: over how many levels the remainder drifts.
    """

    slope: float
    curvature: float
    drift: float
    remainder: float
    width: float
    nugget: float
    remainder_drift: float

    @classmethod
    def of(cls, logarithms: Floats) -> Hyperparameters:
        """Return them from their logarithms, shape (7,)."""
        return cls(*np.exp(logarithms).tolist())

    def drifting(self, xx: Floats) -> Floats:
        """Return the covariance of the drifting parabola within a level, from the products x x'."""
        return np.asarray(self.slope**2 * xx + self.curvature**2 * xx**2)

    def wiggling(self, squared_distance: Floats) -> Floats:
        """Return the correlation of the remainder within a level, from the squared distances in x."""
        return np.asarray(np.exp(-0.5 * squared_distance / self.width**2))
