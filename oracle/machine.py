"""The oracle as a pure state machine: given what has happened at a level, what comes next.

It performs no I/O and keeps no state, so a sweep can stop anywhere and go on from what the database says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.candidates import best, candidates, is_edge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.candidates import Cell
    from oracle.proposers import Proposer


@dataclass(frozen=True)
class Propose:
    """Train these candidates on every seed."""

    round: int
    max_lrs: tuple[float, ...]


@dataclass(frozen=True)
class Wait:
    """Trials of the level are still under way."""


@dataclass(frozen=True)
class Blocked:
    """Every trial of the level has ended and some have failed: a level is not decided over a hole."""

    failed: tuple[Cell, ...]


@dataclass(frozen=True)
class Decide:
    """The level's winner. `edge`: no candidate lies beyond it on one side, so the optimum may."""

    winner: float
    edge: bool


@dataclass(frozen=True)
class Finished:
    """Every level is decided."""


Action = Propose | Wait | Blocked | Decide | Finished


def next_action(levels: int, level: int, cells: Sequence[Cell], proposer: Proposer) -> Action:
    """Return what to do at the first undecided level.

    Args:
        levels: number of levels in the run.
        level: the first undecided one; `levels` when all are decided.
        cells: the trials of that level that have been proposed so far.
        proposer: of that level.
    """
    if level >= levels:
        return Finished()
    if any(cell.state == "pending" for cell in cells):
        return Wait()
    failed = tuple(cell for cell in cells if cell.state == "failed")
    if failed:
        return Blocked(failed)
    observed = candidates(cells)
    proposed = proposer.propose(observed)
    if proposed:
        return Propose(1 + max((c.round for c in observed), default=-1), tuple(proposed))
    winner = best(observed)
    return Decide(winner.max_lr, edge=is_edge(winner, observed))
