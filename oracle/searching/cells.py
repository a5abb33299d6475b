"""From trials as the database has them, and from outcomes, to the cells that the state machine sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.searching.candidates import Cell
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
    """

    curves: bool

    def recorded(self, trial: TrialRecord) -> Cell:
        """Return the cell of a trial on record, whose learning curve is loaded if cells carry one."""
        cell = Cell(trial.max_lr, trial.seed, trial.round, trial.state, stop=rule_of(trial))
        if trial.result is not None:
            return self.complete(cell, trial.result)
        return cell if trial.stopped is None else self.stopped(cell, trial.stopped.epochs)

    def complete(self, cell: Cell, result: TrialResult) -> Cell:
        """Return a cell with the result of its trial."""
        counted = result.counted
        return replace(
            cell,
            state="complete",
            val_accuracy=counted.val_accuracy,
            diverged=counted.diverged,
            finite=counted.finite,
            curve=self._curve(result.epochs),
        )

    def stopped(self, cell: Cell, epochs: Sequence[EpochRecord]) -> Cell:
        """Return a cell whose trial was stopped after some epochs."""
        return replace(cell, state="stopped", curve=self._curve(epochs))

    def _curve(self, epochs: Sequence[EpochRecord]) -> tuple[float, ...]:
        return tuple(epoch.val_accuracy for epoch in epochs) if self.curves else ()
