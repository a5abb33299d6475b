"""The hyperparameters' posterior: its mode, and weighted samples around it.

One best set would make bands too narrow, because a few dozen noisy cells do not determine it. So samples from a
Student distribution around the mode are weighted by the posterior (importance sampling). scikit-learn's Gaussian
process takes only independent noise and one set of hyperparameters, so this is written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from oracle.surface.prior import LEVEL_CONSTANT, MEDIAN, SPREAD, Hyperparameters, matern, shared

if TYPE_CHECKING:
    from oracle.surface.observations import Floats, Observations

_FREEDOM = 6
"""Degrees of freedom of the samples: heavier tails than the posterior's, so that no weight is huge."""

_STEP = 0.1
_REACH = 3.0
_IMPOSSIBLE = 1e6


class Evidence:
    """The negative log posterior of the hyperparameters, up to a constant, and its gradient.

    Args:
        seen: the observations.
    """

    def __init__(self, seen: Observations) -> None:
        same = seen.level[:, None] == seen.level[None]
        self._y = seen.y
        self._xx = np.outer(seen.x, seen.x)
        self._apart = (seen.x[:, None] - seen.x[None]) ** 2
        self._levels_apart = np.abs(np.subtract.outer(seen.level, seen.level)).astype(float)
        self._fixed = seen.noise + LEVEL_CONSTANT**2 * same + shared(self._xx)

    def __call__(self, logarithms: Floats) -> tuple[float, Floats]:
        """Return the value and the gradient at the hyperparameters' logarithms, shape (7,)."""
        h, off = Hyperparameters.of(logarithms), (logarithms - MEDIAN) / SPREAD
        drift, drift_slope = matern(self._levels_apart, h.drift)
        fading, fading_slope = matern(self._levels_apart, h.remainder_drift)
        slope, curvature = h.slope**2 * self._xx, h.curvature**2 * self._xx**2
        wiggle = h.remainder**2 * h.wiggling(self._apart)
        covariance = self._fixed + (slope + curvature) * drift + wiggle * fading
        covariance[np.diag_indices(len(covariance))] += h.nugget**2
        try:
            factor = cholesky(covariance, lower=True, check_finite=False)
        except LinAlgError:
            return _IMPOSSIBLE, np.zeros_like(logarithms)
        inverse = cho_solve((factor, True), np.eye(len(covariance)), check_finite=False)
        solved = inverse @ self._y
        value = 0.5 * self._y @ solved + np.log(np.diag(factor)).sum() + 0.5 * (off**2).sum()
        pull = 0.5 * (inverse - np.outer(solved, solved))
        by = (
            2 * slope * drift,
            2 * curvature * drift,
            (slope + curvature) * drift_slope,
            2 * wiggle * fading,
            wiggle * fading * self._apart / h.width**2,
            2 * h.nugget**2 * np.eye(len(covariance)),
            wiggle * fading_slope,
        )
        return float(value), np.array([(pull * one).sum() for one in by]) + off / SPREAD

    def value(self, logarithms: Floats) -> float:
        """Return the value alone, which is several times as fast."""
        h, off = Hyperparameters.of(logarithms), (logarithms - MEDIAN) / SPREAD
        covariance = (
            self._fixed
            + h.drifting(self._xx) * matern(self._levels_apart, h.drift)[0]
            + h.remainder**2 * h.wiggling(self._apart) * matern(self._levels_apart, h.remainder_drift)[0]
        )
        covariance[np.diag_indices(len(covariance))] += h.nugget**2
        try:
            factor = cholesky(covariance, lower=True, check_finite=False)
        except LinAlgError:
            return _IMPOSSIBLE
        whitened = solve_triangular(factor, self._y, lower=True, check_finite=False)
        return float(0.5 * whitened @ whitened + np.log(np.diag(factor)).sum() + 0.5 * (off**2).sum())


def sampled(seen: Observations, count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return logarithms of hyperparameters, shape (count, 7), and their weights, which add up to 1, shape (count,)."""
    evidence = Evidence(seen)
    bounds = list(zip(MEDIAN - _REACH * SPREAD, MEDIAN + _REACH * SPREAD, strict=True))
    mode = minimize(evidence, MEDIAN, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60}).x
    steps = _STEP * np.eye(len(mode))
    bend = np.array([(evidence(mode + step)[1] - evidence(mode - step)[1]) / (2 * _STEP) for step in steps])
    curvatures, axes = np.linalg.eigh((bend + bend.T) / 2)
    spread = axes / np.sqrt(np.maximum(curvatures, 0.5 / SPREAD.max() ** 2))
    normal = random.standard_normal((count, len(mode)))
    tails = np.sqrt(random.chisquare(_FREEDOM, count) / _FREEDOM)
    found = mode + (normal / tails[:, None]) @ spread.T
    found = np.clip(found, MEDIAN - (_REACH + 1) * SPREAD, MEDIAN + (_REACH + 1) * SPREAD)
    off = np.linalg.solve(spread, (found - mode).T)
    proposed = -0.5 * (_FREEDOM + len(mode)) * np.log1p((off**2).sum(axis=0) / _FREEDOM)
    log_weights = np.array([-evidence.value(one) for one in found]) - proposed
    weights = np.exp(log_weights - log_weights.max())
    return found, weights / weights.sum()
