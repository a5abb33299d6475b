"""How well a study repeats itself: what two halves of its seeds, each as a study of its own, say of the best `max_lr`.

Both halves are judged on the same validation examples. So this shows what other seeds would change, and not what other
examples would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oracle.results.best import study_best
from oracle.results.intervals import RULES, TOLERANCE
from oracle.results.intervals.interval import mean
from oracle.searching.candidates import winner_of
from oracle.surface import Remembered, digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import DecidedLevel, Interval

SPLITS = 3
"""How often the seeds are split, if there are as many ways."""

_SEED = 20211017
"""Seed of the random numbers that choose among many ways."""


@dataclass(frozen=True)
class Repeatability:
    """How far two halves of the seeds are apart, over all levels and splits.

    Attributes:
        halves: how many seeds are in the smaller and in the larger half.
        splits: how many splits there were.
        winners: by what factor the winners of the two halves differ, >= 1; the root mean square of its logarithm.
        best: the same of the best `max_lr` by the surface.
        within: how much of the range that the `within` intervals of the two halves cover together lies in both, 0 to 1,
            in log `max_lr`; None if there are no intervals.
        model: the same of the `model` intervals.
    """

    halves: tuple[int, int]
    splits: int
    winners: float
    best: float
    within: float | None
    model: float | None

    @property
    def sentence(self) -> str:
        """How well the study repeats itself, in words."""
        small, large = self.halves
        size = f"{small} and {large} seeds" if small != large else f"{small} seed{'s' * (small > 1)} each"
        ways = f", split in {self.splits} ways" if self.splits > 1 else ""
        told = (
            f"Two halves of the seeds ({size}{ways}) put the best max_lr a factor of {self.winners:.2f} apart "
            f"(winners) and {self.best:.2f} (model), as a root mean square over the levels."
        )
        if self.within is not None and self.model is not None:
            told += (
                f" Of the range that their intervals cover together, {100 * self.within:.0f}\u202f% lies in both "
                f"(“within”) and {100 * self.model:.0f}\u202f% (“model”)."
            )
        return (
            f"{told} Both halves are judged on the same validation examples, so this says what other seeds would "
            "change, and not what other examples would."
        )


def repeatability(levels: Sequence[DecidedLevel], tolerance: float = TOLERANCE) -> Repeatability | None:
    """Return how well a study repeats itself.

    It fits the surface twice for each split, which takes seconds.

    Args:
        levels: decided levels, all with the same seeds.
        tolerance: of the intervals.

    Returns:
        None with fewer than two seeds, or without a level that has a winner; and where a search spared candidates some
        seeds: it chose them by the other half's.
    """
    levels = [level for level in levels if level.has_winner]
    seeds = min((len(one.scores[one.winner]) for one in levels), default=0)
    if seeds < 2 or any(level.trained for level in levels):
        return None
    return _found.get(digest(levels) + repr(tolerance).encode(), lambda: _judge(levels, seeds, tolerance))


_found: Remembered[Repeatability] = Remembered(64)


def _judge(levels: Sequence[DecidedLevel], seeds: int, tolerance: float) -> Repeatability:
    winners: list[float] = []
    best: list[float] = []
    overlaps: dict[str, list[float]] = {"within": [], "model": []}
    for half in (ways := splits(seeds)):
        one, other = (_half(levels, places) for places in (half, sorted(set(range(seeds)) - set(half))))
        winners += [math.log(b.winner / a.winner) for a, b in zip(one, other, strict=True)]
        first, second = (study_best(each).levels for each in (one, other))
        best += [math.log(second[level].best / found.best) for level, found in first.items()]
        for rule, found in overlaps.items():
            pairs = zip(*(RULES[rule].intervals(each, tolerance) for each in (one, other)), strict=True)
            found += [overlap(a, b) for a, b in pairs if a is not None and b is not None]
    return Repeatability(
        halves=(seeds // 2, seeds - seeds // 2),
        splits=len(ways),
        winners=_factor(winners),
        best=_factor(best),
        within=_mean(overlaps["within"]),
        model=_mean(overlaps["model"]),
    )


def splits(seeds: int) -> list[list[int]]:
    """Return the places of the seeds that are in the smaller half: all ways to split them, or `SPLITS` of them.

    Args:
        seeds: how many there are, >= 2.
    """
    size = seeds // 2
    ways = min(SPLITS, math.comb(seeds, size) // (1 if seeds % 2 else 2))
    random, found = np.random.default_rng(_SEED), set[tuple[int, ...]]()
    while len(found) < ways:
        half = set(random.permutation(seeds)[:size].tolist())
        if seeds % 2 == 0 and 0 not in half:  # both halves are the smaller one
            half = set(range(seeds)) - half
        found.add(tuple(sorted(half)))
    return [list(half) for half in sorted(found)]


def overlap(one: Interval, other: Interval) -> float:
    """Return how much of what two intervals cover together lies in both, in log `max_lr`: 0 to 1."""
    common = math.log(min(one.high, other.high) / max(one.low, other.low))
    together = math.log(one.high / one.low) + math.log(other.high / other.low) - max(common, 0.0)
    return max(common, 0.0) / together if together > 0 else float(one.low == other.low)


def _half(levels: Sequence[DecidedLevel], places: Sequence[int]) -> list[DecidedLevel]:
    """Return the levels as some of the seeds see them. A candidate that diverged on any seed stays out in both."""
    found = []
    for level in levels:
        accuracies = {rate: [values[place] for place in places] for rate, values in level.scores.items()}
        answers = {rate: rows[places] for rate, rows in level.answers.items()} if level.answers else None
        winner = winner_of({rate: mean(values) for rate, values in accuracies.items() if rate not in level.diverged})
        found.append(replace(level, winner=winner, scores=accuracies, answers=answers))
    return found


def _mean(values: Sequence[float]) -> float | None:
    return mean(values) if values else None


def _factor(logarithms: Sequence[float]) -> float:
    return math.exp(math.sqrt(math.fsum(one**2 for one in logarithms) / len(logarithms)))
