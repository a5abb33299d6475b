"""The families that S-Cyc has to be better than: constant, linear, exponential, and any curve that never falls."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from oracle.comparison.families import Family, Range, SCycFamily
from oracle.comparison.objective import PULL, Floats, Targets, minimise


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

    def named(self, parameters: Floats) -> dict[str, float]:
        """Return c, the `max_lr` at level 0, and the power a."""
        slope = (parameters[1] - parameters[0]) / (self.ends[1] - self.ends[0])
        c = math.exp(parameters[0] - slope * self.ends[0])
        return {"c": c, "a": float(slope / -math.log1p(-self.p))}


@dataclass(frozen=True)
class Monotone:
    """Any curve that never falls: isotonic regression. Parameters: log `max_lr` at every level."""

    name: str = "monotone"

    def __call__(self, parameters: Floats, levels: Floats, /) -> tuple[Floats, Floats]:
        """Return log `max_lr` and its derivatives."""
        return parameters, np.broadcast_to(np.eye(len(levels)), (len(parameters), len(levels), len(levels)))

    def fit(self, aims: Targets) -> tuple[Floats, Floats]:
        """Return the best curves and their costs; a level left out is interpolated, at an end it is its neighbour's."""
        curves = np.array([self._fit(aims[slice(i, i + 1)]) for i in range(len(aims.low))])
        return curves, aims.cost(curves)

    def named(self, _parameters: Floats, /) -> dict[str, float]:
        """Return nothing: the curve says it all."""
        return {}

    def _fit(self, aim: Targets) -> Floats:
        """Pool adjacent violators (Best, Chakravarti and Ubhaya, SIAM J. Optim. 10, 2000): right for convex costs."""
        heard = np.flatnonzero(aim.weight[0])
        blocks: list[tuple[list[int], float]] = []
        for place in heard.tolist():
            block, value = [place], _lowest_level_line(aim, [place])
            while blocks and blocks[-1][1] >= value:
                block = blocks.pop()[0] + block
                value = _lowest_level_line(aim, block)
            blocks.append((block, value))
        values = np.concatenate([np.full(len(block), value) for block, value in blocks])
        return np.asarray(np.interp(aim.levels, aim.levels[heard], values))


def families(p: float, of: Range, ends: tuple[float, float]) -> tuple[Family, ...]:
    """Return all families, S-Cyc first.

    Args:
        p: pruning rate per level, in (0, 1).
        of: the range in which `max_lr` is searched.
        ends: the first and the last level.
    """
    return SCycFamily(p, of), Constant(of), Linear(of, ends), Exponential(p, of, ends), Monotone()


def _shares(levels: Floats, ends: tuple[float, float]) -> Floats:
    """Return how near each level is to the first and to the last, shape (n, 2)."""
    later = (levels - ends[0]) / (ends[1] - ends[0])
    return np.stack([1 - later, later], axis=-1)


def _fit_ends(family: Linear | Exponential, of: Range, aims: Targets) -> tuple[Floats, Floats]:
    start = np.repeat(_middle(aims), 2, axis=1)
    return minimise(family, start, np.array(of.low), np.array(of.high), aims)


def _middle(aims: Targets) -> Floats:
    """Return the mean centre of the levels that count, shape (N, 1)."""
    return np.asarray((aims.weight * aims.centre).sum(axis=1, keepdims=True) / aims.weight.sum(axis=1, keepdims=True))


def _lowest_level_line(aim: Targets, block: list[int]) -> float:
    """Return the one value that costs least over all levels of the block.

    The derivative of the cost grows, and is linear between the bounds and centres of the intervals. So linear
    interpolation finds where it is zero.
    """
    low, high, centre = aim.low[0, block], aim.high[0, block], aim.centre[0, block]
    corners = np.concatenate([low, high, centre])
    corners = np.unique(corners[np.isfinite(corners)])
    at = corners[:, None]
    slopes = (np.maximum(at - high, 0) - np.maximum(low - at, 0) + PULL * (at - centre)).sum(axis=1)
    return float(np.interp(0.0, slopes, corners))
