"""A rule of the oracle interval: how it judges the levels of a study, and how its intervals are described."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from oracle.results.intervals.interval import Interval, mean
from oracle.spec.metric import ACCURACY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from oracle.spec.metric import MetricSpec


@dataclass(frozen=True)
class DecidedLevel:
    """What a rule sees of a level.

    Attributes:
        level: number of prunings done, >= 0.
        density: fraction of prunable weights left, in (0, 1].
        winner: the level's winning `max_lr`, one of the candidates.
        scores: by `max_lr` (> 0), validation scores, one per seed, seeds in the same order; the worst there
            is where the training is not finite. Where nothing was trained, it is what candidate + seed make likely
            (`oracle.searching.filling`).
        diverged: the candidates that diverged on at least one seed; the winner is none of them.
        answers: by `max_lr`, which validation examples each network classified correctly, shape (seeds, examples), the
            seeds that were trained; None if that is not on record for all candidates.
        trained: by `max_lr`, on which of the seeds it was trained, if a search spared some candidates some seeds; the
            winner was trained on all. Empty if all were.
        given_up: by `max_lr`, how far candidates were behind the best of their seed when they were stopped
            early; they are in none of the others. See `oracle.searching.given_up`.
        scale: of the metric, see `MetricSpec.scale`.
    """

    level: int
    density: float
    winner: float
    scores: Mapping[float, Sequence[float]]
    diverged: frozenset[float] = field(default=frozenset(), kw_only=True)
    answers: Mapping[float, NDArray[np.bool_]] | None = field(default=None, kw_only=True, compare=False, repr=False)
    trained: Mapping[float, Sequence[bool]] = field(default_factory=dict, kw_only=True)
    given_up: Mapping[float, float] = field(default_factory=dict, kw_only=True)
    scale: float = field(default=1.0, kw_only=True)

    def times_trained(self, max_lr: float) -> int:
        """Return on how many seeds a candidate was trained, >= 1."""
        return sum(self.trained[max_lr]) if self.trained else len(self.scores[max_lr])

    @property
    def marked(self) -> Mapping[float, Sequence[float]]:
        """The scores, and where candidates that were given up were heading: marks of where the interval ends."""
        if not self.given_up:
            return self.scores
        best = mean(self.scores[self.winner])
        return {**self.scores, **{rate: [best - behind] for rate, behind in self.given_up.items()}}

    @property
    def has_winner(self) -> bool:
        """Whether the winner is a candidate that did not diverge; rows that somebody edited may say otherwise."""
        return self.winner in self.scores and self.winner not in self.diverged


Judge = Callable[[Sequence[DecidedLevel]], list[Interval | None]]
"""From the decided levels of a study to their intervals, in the same order; None for a level that cannot be judged."""


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        judge: from the decided levels of a study and a tolerance (a difference of scores) to their intervals.
        definition: what its interval is, a phrase to follow "is"; `{margin}` stands for the tolerance,
            `{metric}` for the metric, and `{lower}` for the direction in which it is worse.
        needs: what a level must have to be judged, a phrase to follow "it needs".
        tolerant: whether it uses the tolerance.
        modelled: whether it judges by the model of the surface, which also says how probable a hit is.
    """

    judge: Callable[[Sequence[DecidedLevel], float], list[Interval | None]]
    definition: str
    needs: str
    tolerant: bool = False
    modelled: bool = False

    def defined(self, tolerance: float, metric: MetricSpec = ACCURACY) -> str:
        """Return the definition at a tolerance of a metric."""
        return self.definition.format(margin=metric.amount(tolerance), metric=metric.name, lower=metric.lower)

    def intervals(self, levels: Sequence[DecidedLevel], tolerance: float) -> list[Interval | None]:
        """Return the intervals of decided levels, in the same order. None reaches a candidate that diverged."""
        return [_short_of_divergence(*pair) for pair in zip(levels, self.judge(levels, tolerance), strict=True)]

    def at(self, tolerance: float) -> Judge:
        """Return how it judges at a tolerance."""
        return lambda levels: self.intervals(levels, tolerance)


def level_by_level(
    judge: Callable[[Mapping[float, Sequence[float]], float, float], Interval | None],
) -> Callable[[Sequence[DecidedLevel], float], list[Interval | None]]:
    """Return how a rule judges a study if it looks at each level by itself.

    Args:
        judge: from a level's scores, its winner and a tolerance to its interval.
    """
    return lambda levels, tolerance: [judge(level.marked, level.winner, tolerance) for level in levels]


def _short_of_divergence(level: DecidedLevel, interval: Interval | None) -> Interval | None:
    """Return an interval that ends before the nearest candidates that diverged, whatever score these had."""
    if interval is None:
        return None
    above = min((rate for rate in level.diverged if level.winner < rate <= interval.high), default=None)
    below = max((rate for rate in level.diverged if interval.low <= rate < level.winner), default=None)
    if above is not None:
        interval = replace(interval, high=max(rate for rate in level.scores if rate < above), high_open=False)
    if below is not None:
        interval = replace(interval, low=min(rate for rate in level.scores if rate > below), low_open=False)
    return replace(interval, gaps=tuple(rate for rate in interval.gaps if interval.low < rate < interval.high))
