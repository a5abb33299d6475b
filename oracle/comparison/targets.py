"""What a curve through the levels costs, and what it is to go through: the posterior of the best `max_lr`.

All in log `max_lr`. A curve costs its squared distance to where the levels are best, in units of how well all levels
together know it: the posterior's covariance counts the levels that know little for little, and what neighbouring
levels err together only once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.levels import OracleLevel
    from oracle.surface import Surface

Floats = NDArray[np.float64]

RESOLUTION = 0.05
"""Curves within five per cent of `max_lr` of each other are not told apart, however sure the surface is."""

ROOM = 2.0
"""How far, as a factor, the best `max_lr` may lie beyond the candidates, and a curve may leave them."""

_SEED = 20211017
"""Seed of the random numbers. Any would do, but it must stay the same."""


@dataclass(frozen=True)
class Range:
    """log `max_lr` of the smallest and the largest candidate of all levels, with some room beyond."""

    low: float
    high: float

    @classmethod
    def of(cls, levels: Sequence[OracleLevel]) -> Range:
        """Return the range for fits to these levels."""
        tried = [max_lr for level in levels for max_lr in level.scores]
        return cls(math.log(min(tried) / ROOM), math.log(max(tried) * ROOM))


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


def posterior_targets(surface: Surface, reach: Range, draws: int) -> tuple[Targets, Targets]:
    """Return the target of the fit, a batch of one, and those of `draws` draws of the posterior."""
    best = _best(surface, reach)
    covariance = np.cov(best.T) + RESOLUTION**2 * np.eye(best.shape[1])
    precision = np.asarray(np.linalg.inv(covariance)[None], dtype=np.float64)
    levels = np.array(surface.levels, dtype=float)
    some = best[np.linspace(0, len(best) - 1, draws).astype(int)]
    return (
        Targets(levels, best.mean(axis=0)[None], precision),
        Targets(levels, some, np.broadcast_to(precision, (draws, *precision.shape[1:]))),
    )


def _best(surface: Surface, reach: Range) -> Floats:
    """Return log `max_lr` at which each draw is best, shape (draws, levels).

    Nothing is known beyond the candidates. Where a draw is best at their end, its best lies anywhere up to `ROOM`
    beyond; where a level has one candidate, anywhere in the range.
    """
    best, random = surface.best(), np.random.default_rng(_SEED)
    for place, top in enumerate(surface.seen.tops):
        here, beyond = best[:, place], random.uniform(0, math.log(ROOM), len(best))
        if len(top.rates) == 1:
            best[:, place] = random.uniform(reach.low, reach.high, len(best))
        else:
            best[:, place] += beyond * ((here >= top.rates[-1] - 1e-9) * 1.0 - (here <= top.rates[0] + 1e-9))
    return best
