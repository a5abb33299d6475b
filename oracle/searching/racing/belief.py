"""What the surface says while a race is on: how probable it is that a candidate is as good as the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.surface import fit_surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.standings import Standings
    from oracle.surface import Surface

MEMORY = 4
"""How many levels before, at most, the surface of a race is fitted to: those far back say little of this one."""

DRAWS = 100


@dataclass(frozen=True)
class Belief:
    """The surface of a level in a race, and of the levels before.

    Attributes:
        level: the level's number.
        surface: fitted to it, and up to `MEMORY` levels before.
    """

    level: int
    surface: Surface

    @classmethod
    def of(cls, now: Standings, before: Sequence[Standings]) -> Belief:
        """Return the belief about a level that has a candidate that did not diverge."""
        known = [one for one in before[-MEMORY:] if one.means]
        return cls(now.level, fit_surface([*known, now], DRAWS))

    def as_good(self, max_lr: float, tolerance: float) -> float:
        """Return how probable it is that a `max_lr` loses no more than the tolerance; 0 outside the candidates."""
        return self.surface.probability(self.level, max_lr, tolerance) or 0.0

    def loss(self, max_lr: float) -> float:
        """Return the expected loss of a `max_lr` against the best, a fraction; infinite outside the candidates."""
        regret = self.surface.regret_at(self.level, max_lr)
        return math.inf if regret is None else float(regret.mean())

    def unclear(self, max_lr: float, tolerance: float) -> float:
        """Return the straddle score of a `max_lr`: how little is known of whether it loses more than the tolerance.

        It is positive where the 95 % interval of its loss straddles the tolerance (Bryan et al., "Active learning for
        identifying function threshold boundaries", NeurIPS 2005).
        """
        regret = self.surface.regret_at(self.level, max_lr)
        if regret is None:
            return -math.inf
        return 1.96 * float(regret.std()) - abs(float(regret.mean()) - tolerance)

    @property
    def best(self) -> float:
        """The `max_lr` of the lowest expected regret at this level."""
        place = self.surface.levels.index(self.level)
        return float(np.exp(self.surface.grid[self.surface.regret[:, place].mean(axis=0).argmin()]))


@dataclass(frozen=True)
class Forecast:
    """Where the range that is as good as the best is expected at the next level.

    Attributes:
        low: where it begins, a `max_lr`.
        high: where it ends.
        low_open: whether nobody knows where it begins, because no smaller candidate was tried.
        high_open: whether nobody knows where it ends.
    """

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False


def forecast(before: Sequence[Standings], tolerance: float) -> Forecast | None:
    """Return what the levels before let expect: the last range, moved on by the drift of their centres.

    Args:
        before: the levels before, ascending.
        tolerance: how much worse a score is as good as the best.

    Returns:
        None if nothing is known.
    """
    known = [one for one in before if one.means]
    if not known:
        return None
    surface = fit_surface(known[-1 - MEMORY :], DRAWS)
    ranges = [one for one in surface.intervals(tolerance) if one is not None]
    if not ranges:
        best = float(np.exp(surface.grid[surface.regret[:, -1].mean(axis=0).argmin()]))
        return Forecast(best, best)
    centres = [math.log(one.low * one.high) / 2 for one in ranges]
    drift, last = math.exp((centres[-1] - centres[0]) / max(len(centres) - 1, 1)), ranges[-1]
    return Forecast(last.low * drift, last.high * drift, last.low_open, last.high_open)
