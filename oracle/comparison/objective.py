"""What a curve through the levels costs, and the search for the cheapest one.

A curve is fitted to the posterior of the best `max_lr` (`oracle.surface`), all in log `max_lr`. It costs its squared
distance to where a draw is best, in units of how well all levels together know it: the draws' covariance counts the
levels that know little for little, and what neighbouring levels err together only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from oracle.surface import Surface

Floats = NDArray[np.float64]

RESOLUTION = 0.05
"""Curves within five per cent of `max_lr` of each other are not told apart, however sure the surface is."""

_STEPS = 200
_TOLERANCE = 1e-7
"""A problem is solved when a step lowers its cost by less than this."""

_STUCK = 1e10
"""Damping at which no step of any length lowers the cost."""


@dataclass(frozen=True)
class Targets:
    """What curves are to go through: a batch of N problems over the same n levels, all in log `max_lr`.

    Attributes:
        levels: the level numbers, shape (n,).
        centre: where the best `max_lr` lies, shape (N, n).
        precision: inverse covariance of the centres, shape (N, n, n); rows and columns of 0 leave a level out.
    """

    levels: Floats
    centre: Floats
    precision: Floats

    def __getitem__(self, problems: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Targets:
        """Return some of the problems, or the same one several times."""
        return Targets(self.levels, self.centre[problems], self.precision[problems])

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Whether a level counts, shape (N, n)."""
        return np.asarray(np.einsum("ikk->ik", self.precision) > 0)

    def each_left_out(self) -> Targets:
        """Return the n problems that leave out one level each, of a batch of one."""
        n = len(self.levels)
        covariance = np.linalg.inv(self.precision[0])
        precision = np.zeros((n, n, n))
        for left_out in range(n):
            others = np.arange(n) != left_out
            precision[left_out][np.ix_(others, others)] = np.linalg.inv(covariance[np.ix_(others, others)])
        return Targets(self.levels, np.repeat(self.centre, n, axis=0), precision)

    def cost(self, curve: Floats) -> Floats:
        """Return the cost of curves, shape (N, n), as shape (N,): squared, in standard deviations."""
        off = curve - self.centre
        return np.asarray(np.einsum("in,inm,im->i", off, self.precision, off))


def posterior_targets(surface: Surface, draws: int) -> tuple[Targets, Targets]:
    """Return the target of the fit, a batch of one, and those of `draws` draws of the posterior."""
    best = surface.best()
    covariance = np.atleast_2d(np.cov(best.T)) + RESOLUTION**2 * np.eye(best.shape[1])
    precision = np.linalg.inv(covariance)[None]
    levels = np.array(surface.levels, dtype=float)
    some = best[np.linspace(0, len(best) - 1, draws).astype(int)]
    return (
        Targets(levels, best.mean(axis=0)[None], precision),
        Targets(levels, some, np.broadcast_to(precision, (draws, *precision.shape[1:]))),
    )


class Curve(Protocol):
    """A family of curves with k parameters."""

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr`, shape (N, n), and its derivatives, shape (N, n, k), at parameters of shape (N, k)."""
        ...


def minimise(curve: Curve, start: Floats, lower: Floats, upper: Floats, aims: Targets) -> tuple[Floats, Floats]:
    """Return the parameters of lowest cost within the bounds, and the costs, of N independent problems.

    Levenberg and Marquardt's method, projected on the bounds, on all problems at once: one by one, the thousands of
    small problems of a posterior would take minutes. Parameters whose bounds are equal stay where they are.

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
    weighted = np.swapaxes(slopes, 1, 2) @ aims.precision
    gradient = (weighted @ (log_max_lr - aims.centre)[:, :, None])[:, :, 0]
    hessian = weighted @ slopes
    held = (lower == upper) | ((here <= lower) & (gradient > 0)) | ((here >= upper) & (gradient < 0))
    gradient[held] = 0.0
    hessian[held[:, :, None] | held[:, None, :]] = 0.0
    diagonal = np.einsum("ikk->ik", hessian)
    diagonal += np.where(held, 1.0, damping[:, None] * np.maximum(diagonal, 1e-6))
    return np.asarray(np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0])
