"""The oracle as a pure state machine: from what has happened at a level to what comes next.

It performs no I/O and keeps no state, so a sweep can stop anywhere and resume from what the database says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.searching.candidates import Cell, Silence, best, candidates, is_edge, silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.proposers import Proposer


@dataclass(frozen=True)
class Train:
    """Train these cells, all of them pending."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Wait:
    """Trials of the level are still pending."""


@dataclass(frozen=True)
class Blocked:
    """Every trial of the level has ended and some have failed. A level with missing results is not decided."""

    failed: tuple[Cell, ...]


@dataclass(frozen=True)
class Stuck:
    """No candidate left a network that is finite on every seed, so there is none to prune."""


@dataclass(frozen=True)
class Decide:
    """What the next level starts from.

    Attributes:
        winner: the level's winner; where the level is silent, the least bad candidate.
        edge: it is the smallest or largest candidate, so the optimum may lie beyond it.
        silence: why the level says nothing about `max_lr`; None if it does.
    """

    winner: float
    edge: bool
    silence: Silence | None = None


@dataclass(frozen=True)
class Finished:
    """Every level is decided."""


Action = Train | Wait | Blocked | Stuck | Decide | Finished


def next_action(levels: int, level: int, seeds: Sequence[int], cells: Sequence[Cell], proposer: Proposer) -> Action:
    """Return what to do at the first undecided level.

    Args:
        levels: number of levels in the run.
        level: the first undecided one; `levels` when all are decided.
        seeds: the seeds that every candidate is trained on.
        cells: the trials of that level that have been proposed so far.
        proposer: the proposer of that level.
    """
    if level >= levels:
        return Finished()
    missing = _missing(seeds, cells)
    if missing:
        return Train(missing)
    if any(cell.state == "pending" for cell in cells):
        return Wait()
    failed = tuple(cell for cell in cells if cell.state == "failed")
    if failed:
        return Blocked(failed)
    observed = candidates(cells)
    proposed = proposer.propose(observed)
    if proposed:
        round_ = 1 + max((candidate.round for candidate in observed), default=-1)
        return Train(tuple(Cell(max_lr, seed, round_, "pending") for max_lr in proposed for seed in seeds))
    winner = best(observed)
    if not winner.finite:
        return Stuck()
    return Decide(winner.max_lr, is_edge(winner, observed), silence(observed))


def _missing(seeds: Sequence[int], cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells that candidates lack because seeds were added to the study."""
    there = {(cell.max_lr, cell.seed) for cell in cells}
    rounds = {cell.max_lr: cell.round for cell in cells}
    return tuple(
        Cell(max_lr, seed, round_, "pending")
        for max_lr, round_ in rounds.items()
        for seed in seeds
        if (max_lr, seed) not in there
    )
