"""From trials as the database has them, and from outcomes, to the cells that the state machine sees."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.searching.candidates import Cell
from oracle.spec.metric import ACCURACY, MetricSpec
from scyc import StopRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies import EpochRecord, TrialRecord, TrialResult


def rule_of(trial: TrialRecord) -> StopRule | None:
    """Return the stop rule that a trial was added with."""
    if trial.stop_epoch is None or trial.stop_below is None:
        return None
    return StopRule(trial.stop_epoch, trial.stop_below)


@dataclass(frozen=True)
class CellMaker:
    """Makes cells: the same ones of trials on record as of their outcomes when these came.

    Attributes:
        curves: whether cells carry learning curves.
        metric: that the study is judged by.
    """

    curves: bool
    metric: MetricSpec = ACCURACY

    def recorded(self, trial: TrialRecord) -> Cell:
        """Return the cell of a trial on record, whose learning curve is loaded if cells carry one."""
        cell = Cell(trial.max_lr, trial.seed, trial.round, trial.state, stop=rule_of(trial))
        if trial.result is not None:
            return self.complete(cell, trial.result)
        return cell if trial.stopped is None else self.stopped(cell, trial.stopped.epochs)

    def complete(self, cell: Cell, result: TrialResult) -> Cell:
        """Return a cell with the result of its trial."""
        counted = result.counted(self.metric.worst)
        return replace(
            cell,
            state="complete",
            score=None if counted.val is None else self.metric.score(counted.val),
            diverged=counted.diverged,
            finite=result.finite,
            curve=self._curve(result.epochs),
            steps=self._steps(result.epochs),
            spent=result.spent,
        )

    def stopped(self, cell: Cell, epochs: Sequence[EpochRecord]) -> Cell:
        """Return a cell whose trial was stopped after some epochs."""
        return replace(cell, state="stopped", curve=self._curve(epochs), steps=self._steps(epochs))

    def _steps(self, epochs: Sequence[EpochRecord]) -> tuple[int, ...]:
        steps = tuple(point.step for point in epochs)
        return steps if self.curves and steps != tuple(range(len(steps))) else ()

    def _curve(self, epochs: Sequence[EpochRecord]) -> tuple[float, ...]:
        if not self.curves:
            return ()
        return tuple(-math.inf if point.val is None else self.metric.score(point.val) for point in epochs)
