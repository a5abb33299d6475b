"""The families that S-Cyc has to be better than: constant, linear, exponential, and any curve that never falls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import nnls

from oracle.comparison.families import Family, SCycFamily
from oracle.comparison.objective import minimise

if TYPE_CHECKING:
    from oracle.comparison.targets import Floats, Range, Targets

_STEP = 1e-6
"""A curve that rises by less is flat."""


@dataclass(frozen=True)
class Constant:
    """The same `max_lr` at every level. Parameter: its logarithm."""

    range: Range
    name: str = "constant"

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr` and its derivatives."""
        shape = (len(parameters), len(levels))
        return np.broadcast_to(parameters, shape), np.ones((*shape, 1))

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best parameters and their costs."""
        return minimise(self, _middle(aims), np.array(self.range.low), np.array(self.range.high), aims)

    def freedom(self, _curve: Floats, /) -> int:
        """Return 1."""
        return 1

    def named(self, parameters: Floats) -> dict[str, float]:
        """Return `max_lr`."""
        return {"max_lr": math.exp(parameters[0])}


@dataclass(frozen=True)
class Linear:
    """`max_lr` = c + slope * m. Parameters: log `max_lr` at the first level and at the last.

    So it cannot be negative in between.
    """

    range: Range
    ends: tuple[float, float]
    name: str = "linear"

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr` and its derivatives."""
        shares = _shares(levels, self.ends) * np.exp(parameters)[:, None, :]
        total = shares.sum(axis=2)
        return np.log(total), shares / total[:, :, None]

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best parameters and their costs."""
        return _fit_ends(self, self.range, aims)

    def freedom(self, _curve: Floats, /) -> int:
        """Return 2."""
        return 2

    def named(self, parameters: Floats) -> dict[str, float]:
        """Return c, the `max_lr` at level 0, and the slope per level."""
        first, last = np.exp(parameters)
        slope = (last - first) / (self.ends[1] - self.ends[0])
        return {"c": float(first - slope * self.ends[0]), "slope": float(slope)}


@dataclass(frozen=True)
class Exponential:
    """`max_lr` = c * density^-a with density (1-p)^m, of SμPar's kind. Parameters: as Linear's.

    In SμPar (Dey et al., "Sparse maximal update parameterization", arXiv 2405.15743) the learning rate of hidden
    layers grows like 1 / density under Adam; here the power a is free, and negative where `max_lr` falls.
    """

    p: float
    range: Range
    ends: tuple[float, float]
    name: str = "exponential"

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr` and its derivatives."""
        shares = np.broadcast_to(_shares(levels, self.ends), (len(parameters), len(levels), 2))
        return (shares @ parameters[:, :, None])[:, :, 0], shares

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best parameters and their costs."""
        return _fit_ends(self, self.range, aims)

    def freedom(self, _curve: Floats, /) -> int:
        """Return 2."""
        return 2

    def named(self, parameters: Floats) -> dict[str, float]:
        """Return c, the `max_lr` at level 0, and the power a."""
        slope = (parameters[1] - parameters[0]) / (self.ends[1] - self.ends[0])
        c = math.exp(parameters[0] - slope * self.ends[0])
        return {"c": c, "a": float(slope / -math.log1p(-self.p))}


@dataclass(frozen=True)
class Monotone:
    """Any curve that never falls: isotonic regression. Parameters: log `max_lr` at every level."""

    range: Range
    name: str = "monotone"

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr` and its derivatives."""
        return parameters, np.broadcast_to(np.eye(len(levels)), (len(parameters), len(levels), len(levels)))

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best curves and their costs; a level left out is interpolated, at an end it is its neighbour's."""
        curves = np.empty_like(aims.centre)
        for curve, centre, precision, heard in zip(curves, aims.centre, aims.precision, aims.heard, strict=True):
            # Steps up, the first one from the bottom of the range, of least squares: none is negative.
            root = np.linalg.cholesky(precision[np.ix_(heard, heard)]).T
            steps, _ = nnls(root @ np.tri(len(root)), root @ (centre[heard] - self.range.low))
            curve[:] = np.interp(aims.levels, aims.levels[heard], self.range.low + np.cumsum(steps))
        return curves, aims.cost(curves)

    def freedom(self, curve: Floats, /) -> int:
        """Return two for each of its flat stretches: the value, and where it begins."""
        return 2 + 2 * int((np.diff(curve) > _STEP).sum())

    def named(self, _parameters: Floats, /) -> dict[str, float]:
        """Return nothing: the curve says it all."""
        return {}


def families(p: float, of: Range, ends: tuple[float, float]) -> tuple[Family, ...]:
    """Return all families, S-Cyc first.

    Args:
        p: pruning rate per level, in (0, 1).
        of: the range in which `max_lr` is searched.
        ends: the first and the last level.
    """
    return SCycFamily(p, of), Constant(of), Linear(of, ends), Exponential(p, of, ends), Monotone(of)


def _shares(levels: Floats, ends: tuple[float, float]) -> Floats:
    """Return how near each level is to the first and to the last, shape (n, 2)."""
    later = (levels - ends[0]) / (ends[1] - ends[0])
    return np.stack([1 - later, later], axis=-1)


def _fit_ends(family: Linear | Exponential, of: Range, aims: Targets) -> tuple[Floats, Floats]:
    start = np.repeat(_middle(aims), 2, axis=1)
    return minimise(family, start, np.array(of.low), np.array(of.high), aims)


def _middle(aims: Targets) -> Floats:
    """Return the mean centre of the levels that count, shape (N, 1)."""
    return np.asarray(aims.centre.mean(axis=1, keepdims=True, where=aims.heard))
