"""The fitted surface, and what it says of any `max_lr` at any level."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import ThreadpoolController

from oracle.surface.draws import posterior_draws
from oracle.surface.observations import Observations
from oracle.surface.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.surface.observations import Floats, Integers, LevelData, Top

DRAWS = 1000

_POINTS = 90
"""Points of the grid in log `max_lr`, besides the candidates."""

_BEYOND = 1e-6
"""Points by which what a race has not tried counts as worse than the last candidate, so that it is never the best."""

_SEED = 20211017
"""Seed of the random numbers. Any would do, but it must stay the same."""

_surfaces: Remembered[Surface] = Remembered(8)


@dataclass(frozen=True)
class SurfaceInterval:
    """The range of `max_lr` that loses no more than a tolerance: medians over the draws, and 90 % bands of both ends.

    Attributes:
        low: where it begins.
        high: where it ends.
        low_band: 5 % and 95 % quantile of the lower end.
        high_band: the same of the upper end.
        low_open: whether it reaches the smallest candidate in most draws.
        high_open: whether it reaches the largest.
    """

    low: float
    high: float
    low_band: tuple[float, float]
    high_band: tuple[float, float]
    low_open: bool
    high_open: bool


@dataclass(frozen=True)
class Surface:
    """Joint posterior draws of what every `max_lr` loses at every level.

    Attributes:
        seen: what it was fitted to.
        grid: log `max_lr`, ascending, shape (G,).
        regret: how far the score is below the level's best, shape (draws, levels, G). Outside the top of
            a level it is what the candidates have shown.
    """

    seen: Observations
    grid: Floats
    regret: Floats

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels' numbers, ascending."""
        return self.seen.numbers

    @property
    def judged_together(self) -> bool:
        """Whether the answers of the trials are on record, so that the examples' sampling is in all bands."""
        return self.seen.judged_together

    def best(self) -> Floats:
        """Return log `max_lr` at which each draw is best, shape (draws, levels)."""
        return np.asarray(self.grid[self.regret.argmin(axis=2)])

    def regret_at(self, level: int, max_lr: float) -> Floats | None:
        """Return the regret of a `max_lr` in every draw, shape (draws,).

        None outside the level's candidates, and with fewer than two. Beyond the candidates of a race it is that of the
        last one: the least that it can be if the level has one top.
        """
        place = self.levels.index(level)
        rates, u = self.seen.tops[place].rates, math.log(max_lr)
        if self.seen.tops[place].raced:
            u = float(np.clip(u, rates[0], rates[-1]))
        if len(rates) < 2 or not rates[0] - 1e-9 <= u <= rates[-1] + 1e-9:
            return None
        right = int(np.clip(np.searchsorted(self.grid, u), 1, len(self.grid) - 1))
        share = np.clip((u - self.grid[right - 1]) / (self.grid[right] - self.grid[right - 1]), 0.0, 1.0)
        values = self.regret[:, place]
        return np.asarray((1 - share) * values[:, right - 1] + share * values[:, right])

    def probability(self, level: int, max_lr: float, tolerance: float) -> float | None:
        """Return how probable it is that a `max_lr` loses no more than the tolerance; None as in `regret_at`."""
        regret = self.regret_at(level, max_lr)
        return None if regret is None else float((regret <= tolerance).mean())

    def intervals(self, tolerance: float) -> list[SurfaceInterval | None]:
        """Return, level by level, the range that loses no more than the tolerance; None with fewer than two candidates.

        Args:
            tolerance: a difference of scores, > 0.
        """
        return [self._interval(place, tolerance) for place in range(len(self.levels))]

    def _interval(self, place: int, tolerance: float) -> SurfaceInterval | None:
        rates = self.seen.tops[place].rates
        if len(rates) < 2:
            return None
        inside = (self.grid >= rates[0] - 1e-9) & (self.grid <= rates[-1] + 1e-9)
        grid, regret = self.grid[inside], self.regret[:, place, inside]
        highs = _first_loss(regret, grid, tolerance)
        lows = -_first_loss(regret[:, ::-1], -grid[::-1], tolerance)
        low, high = (np.exp(np.quantile(ends, (0.05, 0.5, 0.95))).tolist() for ends in (lows, highs))
        return SurfaceInterval(
            low=low[1],
            high=high[1],
            low_band=(low[0], low[2]),
            high_band=(high[0], high[2]),
            low_open=bool((lows <= rates[0] + 1e-9).mean() > 0.5),
            high_open=bool((highs >= rates[-1] - 1e-9).mean() > 0.5),
        )


def fit_surface(levels: Sequence[LevelData], draws: int = DRAWS) -> Surface:
    """Fit the surface to decided levels. The same levels give the same surface on the same kind of processor.

    Args:
        levels: one or more, in any order, of one metric. Each has a candidate that did not diverge, and all have the
            same seeds.
        draws: how many draws of the posterior, >= 1.
    """
    levels = sorted(levels, key=lambda level: level.level)

    def fit() -> Surface:
        with _libraries().limit(limits=1):  # the matrices are small: threads would only wait for each other
            return _fit(levels, draws)

    return _surfaces.get(digest(levels, draws), fit)


@cache
def _libraries() -> ThreadpoolController:
    """Return the libraries that do the linear algebra, which are loaded by now; looking for them takes a while."""
    return ThreadpoolController()


def _fit(levels: Sequence[LevelData], draws: int) -> Surface:
    seen, random = Observations.of(levels), np.random.default_rng(_SEED)
    candidates = np.concatenate([(top.rates - seen.centre) / seen.scale for top in seen.tops])
    grid = np.unique(np.concatenate([np.linspace(-1, 1, _POINTS), candidates]).round(9))
    at = np.abs(np.subtract.outer(seen.x, grid)).argmin(axis=1)
    smooth = posterior_draws(seen, grid, at, draws, random)
    log_max_lr = grid * seen.scale + seen.centre
    regret = np.stack(
        [_regret(top, log_max_lr, smooth[:, place], random) for place, top in enumerate(seen.tops)], axis=1
    )
    return Surface(seen, log_max_lr, regret / 100 * levels[0].scale)


def _regret(top: Top, grid: Floats, smooth: Floats, random: np.random.Generator) -> Floats:
    """Return a level's regret in points, shape (draws, G), from draws of its smooth top."""
    shown = np.broadcast_to(np.interp(grid, top.rates, top.shortfall), smooth.shape).copy()
    first, last = top.kept[0], top.kept[-1]
    low, high = np.full((2, len(smooth), 1), [[[top.rates[first]]], [[top.rates[last]]]])
    if top.cliff[0]:
        low = random.uniform(top.rates[first - 1], top.rates[first], low.shape)
        shown[:, grid < top.rates[first]] = top.shortfall[first - 1]
    if top.cliff[1]:
        high = random.uniform(top.rates[last], top.rates[last + 1], high.shape)
        shown[:, grid > top.rates[last]] = top.shortfall[last + 1]
    inside = (grid >= low - 1e-9) & (grid <= high + 1e-9)
    best = np.where(inside, smooth, -np.inf).max(axis=1, keepdims=True)
    regret = np.where(inside, best - smooth, shown)
    for end, before in ((first, first + 1), (last, last - 1)):
        if end in top.rough | top.soft and before in top.kept:
            regret += _unexplained(top, end, before, grid, regret, random)
    if top.raced:  # other levels may have been tried further out: here nothing is known to be better than the end
        tried = np.nonzero((grid >= top.rates[0] - 1e-9) & (grid <= top.rates[-1] + 1e-9))[0]
        regret[:, : tried[0]] = regret[:, [tried[0]]] + _BEYOND
        regret[:, tried[-1] + 1 :] = regret[:, [tried[-1]]] + _BEYOND
    return np.asarray(regret - regret.min(axis=1, keepdims=True))


def _unexplained(top: Top, end: int, before: int, grid: Floats, regret: Floats, random: np.random.Generator) -> Floats:
    """Return what a smooth top does not explain of a fall to a candidate at its end, shape (draws, G).

    It begins somewhere after the candidate before; at the one at the end it is what was seen. If the smooth top
    explains half of the fall or more, the rest may be noise.
    """
    missing = top.shortfall[end] - regret[:, [np.abs(grid - top.rates[end]).argmin()]]
    missing = np.where(missing > top.shortfall[end] / 2, missing, 0.0)
    begins = top.rates[before] + (top.rates[end] - top.rates[before]) * random.random((len(regret), 1))
    return np.asarray(np.clip((grid - begins) / (top.rates[end] - begins), 0.0, 1.0) * missing)


def _first_loss(regret: Floats, grid: Floats, tolerance: float) -> Floats:
    """Return where each draw first loses more than the tolerance, from its best upwards; the end if it never does."""
    draws, best = np.arange(len(regret)), regret.argmin(axis=1)
    beyond = (regret > tolerance) & (np.arange(len(grid)) > best[:, None])
    never = ~beyond.any(axis=1)
    first: Integers = np.where(never, len(grid) - 1, beyond.argmax(axis=1))
    before = np.maximum(first - 1, 0)
    here, there = regret[draws, before], regret[draws, first]
    share = np.clip((tolerance - here) / np.where(there > here, there - here, 1.0), 0.0, 1.0)
    return np.asarray(np.where(never, grid[-1], grid[before] + share * (grid[first] - grid[before])))


def digest(levels: Sequence[LevelData], draws: int = DRAWS) -> bytes:
    """Return what identifies the data that a surface is fitted to, whatever is kept under it."""
    found = hashlib.sha256(repr(draws).encode())
    for level in levels:
        rates = sorted(level.scores)
        found.update(b"" if level.scale == 1 else repr(level.scale).encode())
        found.update(
            repr((level.level, sorted(level.diverged), [list(level.scores[r]) for r in rates], rates)).encode()
        )
        found.update(repr([list(level.trained[r]) for r in rates] if level.trained else "").encode())
        found.update(repr(sorted(level.given_up.items())).encode())
        for rate in rates:
            answers = level.answers.get(rate) if level.answers else None
            found.update(b"-" if answers is None else np.packbits(answers).tobytes())
    return found.digest()
