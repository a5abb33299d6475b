"""The search for the curve of lowest cost (`oracle.comparison.targets`) in a family of curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from oracle.comparison.targets import Floats, Targets

_STEPS = 200
_TOLERANCE = 1e-7
"""A problem is solved when a step lowers its cost by less than this."""

_STUCK = 1e10
"""Damping at which no step of any length lowers the cost."""


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
