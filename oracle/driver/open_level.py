"""A level that is open: its trials are proposed, trained or waited for. Levels overlap, so up to three are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.searching.machine import Neighbour
from studies import NewTrial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.searching.candidates import Cell
    from oracle.searching.level_search import LevelSearch


@dataclass(eq=False)
class OpenLevel:
    """An open level.

    Attributes:
        number: of the level.
        search: its search.
        parents: by seed, the checkpoints that its trials start from; none at level 0.
        cells: by trial, those of the trials that count.
        pending: the trials that have no outcome yet.
    """

    number: int
    search: LevelSearch
    parents: Mapping[int, str]
    cells: dict[int, Cell] = field(default_factory=dict)
    pending: set[int] = field(default_factory=set)

    def add(self, trial: int, cell: Cell) -> bool:
        """Take a trial; return whether it is new here, and must be trained."""
        new = trial not in self.cells
        if new:
            self.cells[trial] = cell
        if new and cell.state == "pending":
            self.pending.add(trial)
            return True
        return False

    def new_trials(self, cells: Sequence[Cell], spec_hash: str) -> list[NewTrial]:
        """Return the trials of cells, to be recorded."""
        return [
            NewTrial(
                self.number,
                cell.seed,
                cell.max_lr,
                self.parents.get(cell.seed),
                cell.round,
                spec_hash,
                cell.stop.epoch if cell.stop else None,
                cell.stop.below if cell.stop else None,
            )
            for cell in cells
        ]

    def end(self, trial: int, cell: Cell) -> bool:
        """Take how a trial has ended; return whether it was the last one that was waited for."""
        self.cells[trial] = cell
        self.pending.discard(trial)
        return not self.pending

    @property
    def quiet(self) -> bool:
        """Whether all of its trials have ended, and none has failed."""
        return all(cell.state in ("complete", "stopped") for cell in self.cells.values())

    def as_neighbour(self) -> Neighbour:
        """Return what the state machine sees of it."""
        return Neighbour(self.search, list(self.cells.values()))
