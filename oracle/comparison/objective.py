"""What a curve through the levels costs, and the search for the cheapest one.

A curve costs, summed over levels, the square of its log distance to the oracle interval (zero inside it) plus `PULL`
times the square of its log distance to the interval's centre. The distance is zero beyond an open bound, since no
candidate was tried there: only the pull acts. The centre is the middle of the interval in log `max_lr`; where a bound
is open the middle is unknown, and where there is no interval there is none, so there it is the winner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.levels import OracleLevel

Floats = NDArray[np.float64]

PULL = 0.01
"""Weight of the pull to the centre: being off the centre costs a hundredth of being as far outside the interval."""

_STEPS = 200
_TOLERANCE = 1e-10
"""A problem is solved when a step lowers its cost by less than this: a hundred-thousandth of `max_lr`, squared."""

_STUCK = 1e10
"""Damping at which no step of any length lowers the cost."""


@dataclass(frozen=True)
class Targets:
    """What curves are to go through: a batch of N problems over the same n levels, all in log `max_lr`.

    Attributes:
        levels: the level numbers, shape (n,).
        low: lower bounds of the intervals, shape (N, n); -inf where open or where there is no interval.
        high: upper bounds, shape (N, n); inf where open or where there is no interval.
        centre: where the pull goes, shape (N, n).
        weight: of each level, shape (N, n); 0 leaves a level out.
    """

    levels: Floats
    low: Floats
    high: Floats
    centre: Floats
    weight: Floats

    def __getitem__(self, problems: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Targets:
        """Return some of the problems, or the same one several times."""
        return Targets(
            self.levels, self.low[problems], self.high[problems], self.centre[problems], self.weight[problems]
        )

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Whether a level has an interval with a bound that is not open, shape (N, n)."""
        return np.isfinite(self.low) | np.isfinite(self.high)

    def each_left_out(self) -> Targets:
        """Return the n problems that leave out one level each, of a batch of one."""
        n = len(self.levels)
        all_alike = self[np.zeros(n, dtype=np.intp)]
        return Targets(self.levels, all_alike.low, all_alike.high, all_alike.centre, 1 - np.eye(n))

    def outside(self, curve: Floats) -> Floats:
        """Return the signed log distance of curves, shape (N, n), to the intervals: below negative, inside 0."""
        return np.maximum(curve - self.high, 0.0) - np.maximum(self.low - curve, 0.0)

    def cost(self, curve: Floats) -> Floats:
        """Return the cost of curves, shape (N, n), as shape (N,)."""
        squares = self.outside(curve) ** 2 + PULL * (curve - self.centre) ** 2
        return np.asarray((self.weight * squares).sum(axis=1))


def targets(*surfaces: Sequence[OracleLevel]) -> Targets:
    """Return the targets of one or more surfaces over the same levels, each a problem of the batch."""
    bounds = np.array([[_bounds(level) for level in surface] for surface in surfaces])
    numbers = np.array([float(level.level) for level in surfaces[0]])
    return Targets(numbers, bounds[..., 0], bounds[..., 1], bounds[..., 2], np.ones(bounds.shape[:2]))


def _bounds(level: OracleLevel) -> tuple[float, float, float]:
    """Return low, high and centre."""
    winner, interval = math.log(level.winner), level.interval
    if interval is None:
        return -math.inf, math.inf, winner
    low = -math.inf if interval.low_open else math.log(interval.low)
    high = math.inf if interval.high_open else math.log(interval.high)
    return low, high, (low + high) / 2 if math.isfinite(high - low) else winner


class Curve(Protocol):
    """A family of curves with k parameters."""

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr`, shape (N, n), and its derivatives, shape (N, n, k), at parameters of shape (N, k)."""
        ...


def minimise(curve: Curve, start: Floats, lower: Floats, upper: Floats, aims: Targets) -> tuple[Floats, Floats]:
    """Return the parameters of lowest cost within the bounds, and the costs, of N independent problems.

    Levenberg and Marquardt's method, projected on the bounds, on all problems at once: one by one, the thousands of
    small problems of a bootstrap would take minutes. Parameters whose bounds are equal stay where they are.

    Args:
        curve: the family.
        start: where each problem starts, shape (N, k).
        lower: bounds, shape (N, k) or broadcast to it.
        upper: the same.
        aims: the N problems.

    Returns:
        Parameters, shape (N, k), and costs, shape (N,). A local minimum: starting well is the caller's business.
    """
    lower, upper = np.broadcast_to(lower, start.shape), np.broadcast_to(upper, start.shape)
    found = np.clip(start, lower, upper)
    costs = aims.cost(curve(found, aims.levels)[0])
    damping = np.full(len(found), 1e-3)
    going = np.arange(len(found))
    for _ in range(_STEPS):
        here, aim = found[going], aims[going]
        tried = np.clip(
            here - _step(curve, here, lower[going], upper[going], aim, damping[going]), *(lower[going], upper[going])
        )
        gain = costs[going] - aim.cost(curve(tried, aim.levels)[0])
        better = gain > 0
        found[going[better]] = tried[better]
        costs[going[better]] -= gain[better]
        damping[going] *= np.where(better, 0.2, 5.0)
        going = going[np.where(better, gain > _TOLERANCE, damping[going] < _STUCK)]
        if not len(going):
            break
    return found, aims.cost(curve(found, aims.levels)[0])


def _step(curve: Curve, here: Floats, lower: Floats, upper: Floats, aims: Targets, damping: Floats) -> Floats:
    """Return the damped Gauss-Newton step, in which parameters that would leave their bounds do not move."""
    log_max_lr, slopes = curve(here, aims.levels)
    outside = aims.outside(log_max_lr)
    pulled = aims.weight * (outside + PULL * (log_max_lr - aims.centre))
    stiffness = aims.weight * ((outside != 0) + PULL)
    gradient = (pulled[:, None, :] @ slopes)[:, 0, :]
    hessian = np.swapaxes(slopes, 1, 2) @ (stiffness[:, :, None] * slopes)
    held = (lower == upper) | ((here <= lower) & (gradient > 0)) | ((here >= upper) & (gradient < 0))
    gradient[held] = 0.0
    hessian[held[:, :, None] | held[:, None, :]] = 0.0
    diagonal = np.einsum("ikk->ik", hessian)
    diagonal += np.where(held, 1.0, damping[:, None] * np.maximum(diagonal, 1e-6))
    return np.asarray(np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0])
