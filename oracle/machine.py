"""The oracle as a pure state machine: given what has happened at a level, what comes next.

It performs no I/O and keeps no state, so a sweep can stop anywhere and go on from what the database says.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.proposers import Proposer


@dataclass(frozen=True)
class Cell:
    """One trial of the level under way.

    Attributes:
        round: the round of proposals it came from, 0 first.
        val_accuracy: a fraction; None until `state` is "complete".
    """

    max_lr: float
    seed: int
    round: int
    state: Literal["pending", "complete", "failed"]
    val_accuracy: float | None = None
    diverged: bool = False


@dataclass(frozen=True)
class Candidate:
    """One `max_lr` trained on every seed."""

    max_lr: float
    round: int
    val_accuracy: float  # mean over seeds
    diverged: bool  # on at least one seed


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


def candidates(cells: Iterable[Cell]) -> list[Candidate]:
    """Return the candidates of the complete cells, means over their seeds, in the order they were proposed in."""
    groups: dict[tuple[int, float], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.state == "complete":
            groups[cell.round, cell.max_lr].append(cell)
    return [
        Candidate(
            max_lr,
            round_,
            math.fsum(cell.val_accuracy or 0.0 for cell in group) / len(group),
            any(cell.diverged for cell in group),
        )
        for (round_, max_lr), group in sorted(groups.items())
    ]


def best(observed: Iterable[Candidate]) -> Candidate:
    """Return the candidate of the highest mean validation accuracy; of equal ones the smallest `max_lr`."""
    return min(observed, key=lambda candidate: (-candidate.val_accuracy, candidate.max_lr))


def is_edge(winner: Candidate, observed: Sequence[Candidate]) -> bool:
    """Return whether the winner is the smallest or the largest candidate tried."""
    tried = [candidate.max_lr for candidate in observed]
    return winner.max_lr in (min(tried), max(tried))
