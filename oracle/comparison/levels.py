"""The oracle's surface: what every candidate reached at every level. Schedules are judged on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from oracle.results.intervals import DecidedLevel
from oracle.searching import candidates
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.results.intervals import Interval

_SLACK = 1e-9
"""Relative tolerance: a `max_lr` that rounding has pushed past the last candidate still counts as that candidate."""


@dataclass(frozen=True)
class OracleLevel(DecidedLevel):
    """A decided level of the oracle with its interval.

    Attributes:
        interval: the interval by the rule in use; None if the rule cannot judge the level.
        test_scores: by `max_lr`, one per seed as in `scores`; empty if they are not known.

    Raises:
        InputError: the winner is not among the candidates or diverged, a `max_lr` is not positive, or candidates differ
            in their number of seeds.
    """

    interval: Interval | None = None
    test_scores: Mapping[float, Sequence[float]] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        if self.winner not in self.scores:
            raise InputError(f"The winner of level {self.level}, {self.winner!r}, is not one of its candidates.")
        if self.winner in self.diverged:
            raise InputError(f"The winner of level {self.level}, {self.winner!r}, diverged, so it is no winner.")
        if not all(math.isfinite(max_lr) and max_lr > 0 for max_lr in self.scores):
            raise InputError(f"Level {self.level} has a candidate max_lr that is not a number greater than 0.")
        counts = {len(values) for values in self.scores.values()}
        if len(counts) > 1 or counts == {0}:
            raise InputError(
                f"Every candidate of level {self.level} needs a value for each of the same seeds, "
                f"but their numbers of seeds are {', '.join(map(str, sorted(counts)))}."
            )

    @property
    def seeds(self) -> int:
        """How many seeds every candidate was trained with, >= 1."""
        return len(self.scores[self.winner])

    def mean(self, max_lr: float) -> float | None:
        """Return the mean validation score at `max_lr`; None outside the range of the candidates.

        Between candidates it is interpolated linearly in log `max_lr`. A candidate that diverged counts no more than
        the worst that did not.
        """
        means = {rate: math.fsum(values) / self.seeds for rate, values in self.scores.items()}
        return self.interpolated(means, max_lr)

    @cached_property
    def others_choices(self) -> tuple[float, ...]:
        """For each seed, the winner that the other seeds choose; nothing with one seed."""
        if self.seeds < 2:
            return ()
        places = range(self.seeds)
        return tuple(winner_of(competing(self, [other for other in places if other != seed])) for seed in places)

    @property
    def judging(self) -> Mapping[float, Sequence[float]]:
        """The scores that judge a choice: those of the test if they are known, else the validation's."""
        return self.test_scores or self.scores

    def interpolated(self, scores: Mapping[float, float], max_lr: float) -> float | None:
        """Return the score at `max_lr` from those of the candidates; see `mean`."""
        rates = sorted(scores)
        if not rates[0] * (1 - _SLACK) <= max_lr <= rates[-1] * (1 + _SLACK):
            return None
        found = [scores[rate] for rate in rates]
        if self.diverged:
            most = min(scores[rate] for rate in rates if rate not in self.diverged)
            found = [min(scores[rate], most) if rate in self.diverged else scores[rate] for rate in rates]
        return float(np.interp(math.log(max_lr), np.log(rates), found))

    def regret(self, max_lr: float) -> float | None:
        """Return how far the mean score at `max_lr` is below the winner's; None outside the candidates' range.

        It is negative only if a candidate's mean is above that of the decided winner. The scores
        that chose the winner flatter it, so this is too large; see `cross_fit`.
        """
        mean = self.mean(max_lr)
        return None if mean is None else math.fsum(self.scores[self.winner]) / self.seeds - mean


def competing(level: OracleLevel, seeds: Sequence[int]) -> dict[float, list[float]]:
    """Return the scores on some of the seeds (by their place) of the candidates that can win."""
    return {
        rate: [values[seed] for seed in seeds] for rate, values in level.scores.items() if rate not in level.diverged
    }


def winner_of(scores: Mapping[float, Sequence[float]]) -> float:
    """Return the winner of a level with these scores: by `max_lr`, one per seed."""
    return candidates.winner_of({max_lr: math.fsum(each) / len(each) for max_lr, each in scores.items()})


def in_order(levels: Sequence[OracleLevel], fewest: int) -> tuple[OracleLevel, ...]:
    """Return the levels in ascending order.

    Raises:
        InputError: there are fewer than `fewest`, one occurs twice, or they differ in their number of seeds.
    """
    ordered = tuple(sorted(levels, key=lambda level: level.level))
    if len(ordered) < fewest:
        have = {0: "there is none", 1: "there is only 1"}.get(len(ordered), f"there are only {len(ordered)}")
        raise InputError(f"The fit of a level schedule needs {fewest} decided levels or more, but {have}.")
    numbers = [level.level for level in ordered]
    if len(set(numbers)) < len(numbers):
        raise InputError(f"Every level may be given only once, but these are {', '.join(map(str, numbers))}.")
    seeds = {level.seeds for level in ordered}
    if len(seeds) > 1:
        raise InputError(
            f"All levels need the same seeds, but their numbers of seeds are {', '.join(map(str, sorted(seeds)))}."
        )
    return ordered
