"""What a level has seen so far: its cells (one trial each) and its candidates (one `max_lr` over all seeds)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Cell:
    """One trial of the current level.

    Attributes:
        round: the round in which its candidate was proposed, from 0 on.
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


def candidates(cells: Iterable[Cell]) -> list[Candidate]:
    """Return the candidates of the complete cells, with means over their seeds, in the order of their proposal."""
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


def winner_of(accuracies: Mapping[float, float]) -> float:
    """Return the `max_lr` with the highest mean accuracy; of equal ones the smallest. Every level is decided so."""
    return min(accuracies, key=lambda max_lr: (-accuracies[max_lr], max_lr))


def best(observed: Iterable[Candidate]) -> Candidate:
    """Return the candidate that `winner_of` chooses."""
    by_max_lr = {candidate.max_lr: candidate for candidate in observed}
    return by_max_lr[winner_of({max_lr: candidate.val_accuracy for max_lr, candidate in by_max_lr.items()})]


def is_edge(winner: Candidate, observed: Sequence[Candidate]) -> bool:
    """Return whether the winner is the smallest or the largest candidate tried."""
    tried = [candidate.max_lr for candidate in observed]
    return winner.max_lr in (min(tried), max(tried))
