"""Joint posterior draws of the surface, at all levels and over the whole range of `max_lr`.

A draw of the prior is made to fit the observations (Matheron's rule; Wilson et al., "Pathwise conditioning of Gaussian
processes", JMLR 2021), which needs no factor of the posterior's covariance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_solve, cholesky

from oracle.surface.hyperparameters import sampled
from oracle.surface.prior import CUBIC, LEVEL_CONSTANT, PARABOLA, Hyperparameters, matern, shared

if TYPE_CHECKING:
    from oracle.surface.observations import Floats, Integers, Observations

SAMPLES = 100
"""Sets of hyperparameters that the draws are made with."""

_JITTER = 1e-8


def posterior_draws(seen: Observations, grid: Floats, at: Integers, count: int, random: np.random.Generator) -> Floats:
    """Return draws of the smooth surface in points, each level up to a constant; shape (count, levels, grid).

    Args:
        seen: the observations.
        grid: the x of the points, ascending; every observed x is among them.
        at: where the observed x are in the grid, shape (n,).
        count: number of draws.
        random: where the draws come from.
    """
    logarithms, weights = sampled(seen, SAMPLES, random)
    picked, times = np.unique(random.choice(SAMPLES, size=count, p=weights), return_counts=True)
    xx = np.outer(grid, seen.x)
    of_all = shared(xx)
    drawn = [
        _draw(seen, grid, at, Hyperparameters.of(logarithms[one]), int(often), random, xx, of_all)
        for one, often in zip(picked, times, strict=True)
    ]
    return np.concatenate(drawn)


def _draw(
    seen: Observations,
    grid: Floats,
    at: Integers,
    h: Hyperparameters,
    count: int,
    random: np.random.Generator,
    xx: Floats,
    of_all: Floats,
) -> Floats:
    """Return draws with one set of hyperparameters.

    Args:
        seen: the observations.
        grid: as in `posterior_draws`, as is `at`.
        at: where the observed x are.
        h: the hyperparameters.
        count: number of draws.
        random: where they come from.
        xx: products of the grid and the observed x, shape (grid, n).
        of_all: their covariance by what all levels share, which is the same for all hyperparameters.
    """
    places = np.arange(len(seen.tops), dtype=float)
    apart = np.abs(np.subtract.outer(places, places))
    drift, fading = matern(apart, h.drift)[0], matern(apart, h.remainder_drift)[0]
    wiggle = h.wiggling(np.subtract.outer(grid, grid) ** 2)

    def normal(*shape: int) -> Floats:
        return random.standard_normal((count, *shape))

    drifting, levels = _root(drift), len(places)
    slopes = PARABOLA * normal(1) + h.slope * normal(levels) @ drifting.T
    curvatures = PARABOLA * normal(1) + h.curvature * normal(levels) @ drifting.T
    drawn = slopes[:, :, None] * grid + curvatures[:, :, None] * grid**2 + CUBIC * normal(1, 1) * grid**3
    drawn += h.remainder * (_root(fading) @ normal(levels, len(grid)) @ _root(wiggle).T)

    noise = seen.noise + h.nugget**2 * np.eye(len(seen.y))
    errors = normal(len(seen.y)) @ cholesky(noise, lower=True, check_finite=False).T
    pretended = drawn[:, seen.level, at] + LEVEL_CONSTANT * normal(levels)[:, seen.level] + errors

    between = (
        of_all[None]
        + drift[:, seen.level][:, None] * h.drifting(xx)[None]
        + h.remainder**2 * fading[:, seen.level][:, None] * wiggle[:, at][None]
    )
    same = seen.level[:, None] == seen.level[None]
    observed = between[seen.level, at] + LEVEL_CONSTANT**2 * same + noise
    factor = cholesky(observed, lower=True, check_finite=False)
    correction = cho_solve((factor, True), (seen.y - pretended).T, check_finite=False)
    return np.asarray(drawn + np.moveaxis(between @ correction, -1, 0), dtype=np.float64)


def _root(correlation: Floats) -> Floats:
    return np.asarray(np.linalg.cholesky(correlation + _JITTER * np.eye(len(correlation))), dtype=np.float64)
