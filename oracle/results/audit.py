"""Whether stop rules throw away good candidates: what became of the trainings that were finished all the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.searching.audit import audited
from oracle.spec.metric import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.results.level_view import LevelView
    from oracle.searching.candidates import Cell
    from oracle.spec.metric import MetricSpec


@dataclass(frozen=True)
class Audit:
    """What became of the trainings that were finished whatever their stop rule said.

    Attributes:
        trainings: how many of those with a rule were finished so, at levels with a winner.
        below: how many of these fell below their rule, so that they would have been stopped.
        good: how many of these ended within the tolerance of their level's winner on the same seed.
    """

    trainings: int
    below: int
    good: int

    def phrase(self, metric: MetricSpec = ACCURACY) -> str:
        """Return what the audit shows, to follow a colon."""
        if not self.trainings:
            return "no training with a stop rule was chosen for it"
        chosen = f"of {self.trainings} training{'s' * (self.trainings != 1)} finished all the same"
        if not self.below:
            return f"{chosen}, none fell below the rule"
        return (
            f"{chosen}, {self.below} fell below the rule, and {self.good or 'none'} of these ended within "
            f"{metric.amount(metric.tolerance)} of the winner"
        )


def audit_of(levels: Iterable[tuple[LevelView, Sequence[Cell]]], metric: MetricSpec = ACCURACY) -> Audit:
    """Return what the audit of a search shows.

    Args:
        levels: with their cells, which have learning curves.
        metric: that the study is judged by.
    """
    trainings = below = good = 0
    for level, cells in levels:
        if level.winner is None:
            continue
        won = {cell.seed: cell.score for cell in cells if cell.max_lr == level.winner and cell.score is not None}
        for cell in cells:
            if cell.stop is None or cell.state != "complete" or not audited(level.level, cell.seed, cell.max_lr):
                continue
            trainings += 1
            reached = cell.after(cell.stop.epoch)
            if reached is not None and reached < cell.stop.below:
                below += 1
                least = won.get(cell.seed, math.inf) - metric.tolerance
                good += not cell.diverged and cell.score is not None and cell.score >= least
    return Audit(trainings, below, good)
