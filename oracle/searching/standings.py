"""How a level stands: its candidates on the seeds that they share, and the noise between seeds."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from oracle.searching.candidates import floor
from oracle.searching.filling import filled_in
from oracle.searching.given_up import given_up
from oracle.spec.metric import ACCURACY
from oracle.surface.two_way import residuals

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from oracle.searching.candidates import Cell
    from oracle.spec.metric import MetricSpec

PRIOR_NOISE, PRIOR_FREEDOM = 0.005, 4
"""Standard deviation between seeds (a fraction of accuracy; times the metric's scale) that a study is taken to have
before it shows its own, and with how many degrees of freedom."""

TOP = 0.02
"""Candidates further below the best than this say nothing about the noise at the top."""


@dataclass(frozen=True)
class Standings:
    """The candidates of a level, as a race and the surface see them.

    Attributes:
        level: number of prunings done.
        found: by `max_lr` and seed, validation scores.
        diverged: candidates that diverged on at least one seed.
        finite: candidates that a next level could start from, on the seeds so far.
        given_up: candidates that were stopped early, and how far they were behind by then (`given_up`).
        scale: of the metric, see `MetricSpec.scale`.
        bounds: the lowest and the highest score that there is.
    """

    level: int
    found: Mapping[float, Mapping[int, float]]
    diverged: frozenset[float]
    finite: frozenset[float]
    given_up: Mapping[float, float]
    scale: float = 1.0
    bounds: tuple[float, float] = (0.0, 1.0)
    answers: None = None

    @classmethod
    def of(
        cls, level: int, cells: Collection[Cell], epoch: int | None = None, metric: MetricSpec = ACCURACY
    ) -> Standings:
        """Return how the complete cells of a level stand; or, of those with a curve, how they stood after an epoch."""
        found: dict[float, dict[int, float]] = defaultdict(dict)
        diverged, not_finite = set(), set()
        gone = given_up(cells)
        least = floor(cell.score for cell in cells)
        for cell in cells:
            if (
                cell.state == "complete"
                and cell.max_lr not in gone
                and (epoch is None or cell.after(epoch) is not None)
            ):
                score = cell.score if epoch is None else cell.after(epoch)
                found[cell.max_lr][cell.seed] = least if score is None or score == -math.inf else score
                diverged |= {cell.max_lr} if cell.diverged else set()
                not_finite |= set() if cell.finite else {cell.max_lr}
        sound = frozenset(found.keys() - not_finite)
        return cls(level, dict(found), frozenset(diverged), sound, gone, metric.scale, metric.bounds)

    @cached_property
    def _filled(self) -> tuple[dict[float, list[float]], dict[float, tuple[bool, ...]]]:
        return filled_in(self.found, self.diverged, self.bounds)

    @property
    def scores(self) -> Mapping[float, Sequence[float]]:
        """By candidate, scores on all seeds that somebody was trained on; gaps are filled in."""
        return self._filled[0]

    @property
    def trained(self) -> Mapping[float, Sequence[bool]]:
        """By candidate, on which of these it was trained; empty if all were on all."""
        return self._filled[1]

    @cached_property
    def means(self) -> dict[float, float]:
        """By candidate that did not diverge, its mean score over all seeds, gaps filled in."""
        return {rate: fmean(values) for rate, values in self.scores.items() if rate not in self.diverged}

    @cached_property
    def spread(self) -> tuple[float, int]:
        """Sum of squares and degrees of freedom between seeds, of the candidates at the top."""
        least = max(self.means.values(), default=0.0) - TOP * self.scale
        rows = [
            [self.found[rate].get(seed, math.nan) for seed in sorted({s for by in self.found.values() for s in by})]
            for rate, mean in self.means.items()
            if mean >= least
        ]
        return residuals(np.array(rows)) if rows else (0.0, 0)


def noise(levels: Iterable[Standings]) -> float:
    """Return the standard deviation of a training between seeds, beside what the seed does to all candidates."""
    levels = list(levels)
    scale = levels[0].scale if levels else 1.0
    squares, freedom = (PRIOR_NOISE * scale) ** 2 * PRIOR_FREEDOM, PRIOR_FREEDOM
    for level in levels:
        of_level = level.spread
        squares, freedom = squares + of_level[0], freedom + of_level[1]
    return math.sqrt(squares / freedom)
