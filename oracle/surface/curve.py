"""The curve of the best `max_lr`, with its bands, and in one word per level how well it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from oracle.surface.observations import Floats
    from oracle.surface.surface import Surface

COVERAGE = 0.9
"""Probability that a band holds what it is a band of."""

RESOLVED = 2.0
"""The best `max_lr` of a level is resolved if its band spans no more than this factor."""

TAIL = (1 - COVERAGE) / 2
"""Probability that a band leaves out at each of its ends."""

Word = Literal["resolved", "tied", "open"]


@dataclass(frozen=True)
class LevelWord:
    """How well the best `max_lr` of a level is known.

    Attributes:
        word: "open" if the band reaches the end of the candidates, so that the best may lie beyond; else "resolved" if
            it spans no more than a factor of two; else "tied".
        difference: the values of `max_lr` in the band differ by no more than this, with a probability of 95 %; a
            difference of scores. A larger difference would have shown.
    """

    word: Word
    difference: float


@dataclass(frozen=True)
class BestCurve:
    """The best `max_lr` of each level.

    Attributes:
        levels: their numbers.
        max_lr: the value with the lowest expected regret.
        low: lower end of the 90 % band of each level by itself.
        high: its upper end.
        low_everywhere: lower end of the band that holds the whole curve, all levels at once, with 90 %.
        high_everywhere: its upper end.
        words: how well each is known.
    """

    levels: tuple[int, ...]
    max_lr: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    low_everywhere: tuple[float, ...]
    high_everywhere: tuple[float, ...]
    words: tuple[LevelWord, ...]

    @property
    def shown(self) -> bool:
        """Whether there is a curve to draw: at one level at least the best `max_lr` is resolved."""
        return any(word.word == "resolved" for word in self.words)


def best_curve(surface: Surface) -> BestCurve:
    """Return the curve of the best `max_lr`.

    Where the score collapses more steeply than a smooth top would, the band reaches at least to the last candidate
    before: the top may be a ramp that ends there.
    """
    best = surface.best()
    chosen = surface.grid[surface.regret.mean(axis=0).argmin(axis=1)]
    low, high = np.quantile(best, (TAIL, 1 - TAIL), axis=0)
    tail = _simultaneous_tail(best)
    low_everywhere, high_everywhere = np.quantile(best, (tail, 1 - tail), axis=0)
    for place in range(len(surface.levels)):
        for ends, side, further in ((low, 0, min), (high, 1, max)):
            if (ramp := _ramp(surface, place, side)) is not None:
                everywhere = low_everywhere if side == 0 else high_everywhere
                ends[place], everywhere[place] = further(ends[place], ramp), further(everywhere[place], ramp)
    words = (_word(surface, place, best[:, place], *ends) for place, ends in enumerate(zip(low, high, strict=True)))
    return BestCurve(
        levels=surface.levels,
        max_lr=_rates(chosen),
        low=_rates(low),
        high=_rates(high),
        low_everywhere=_rates(low_everywhere),
        high_everywhere=_rates(high_everywhere),
        words=tuple(words),
    )


def _ramp(surface: Surface, place: int, side: int) -> float | None:
    """Return log `max_lr` of the last candidate before a collapse on the lower (0) or upper side (1), or None."""
    top = surface.seen.tops[place]
    end = top.kept[-side]
    return float(top.rates[end]) if top.cliff[side] or end in top.soft else None


def _rates(logarithms: Floats) -> tuple[float, ...]:
    return tuple(np.exp(logarithms).tolist())


def _simultaneous_tail(best: Floats) -> float:
    """Return what to leave out at each end of each level, so that the whole curve is held with `COVERAGE`."""
    enough, too_much = 0.0, TAIL
    for _ in range(20):
        tail = (enough + too_much) / 2
        low, high = np.quantile(best, (tail, 1 - tail), axis=0)
        held = ((best >= low) & (best <= high)).all(axis=1).mean()
        enough, too_much = (tail, too_much) if held >= COVERAGE else (enough, tail)
    return enough


def _word(surface: Surface, place: int, best: Floats, low: float, high: float) -> LevelWord:
    rates = surface.seen.tops[place].rates
    in_band = (surface.grid >= low - 1e-9) & (surface.grid <= high + 1e-9)
    differences = surface.regret[:, place, in_band].max(axis=1)
    difference = float(np.quantile(differences, 0.95))
    at_an_end = ((best <= rates[0] + 1e-9) | (best >= rates[-1] - 1e-9)).mean()
    if at_an_end >= 1 - COVERAGE:
        return LevelWord("open", difference)
    return LevelWord("resolved" if high - low <= np.log(RESOLVED) + 1e-9 else "tied", difference)
