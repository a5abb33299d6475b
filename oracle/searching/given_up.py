"""Candidates that a search has given up, because a training of theirs was stopped early."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oracle.searching.candidates import Cell


def given_up(cells: Iterable[Cell]) -> dict[float, float]:
    """Return by how much the candidates that were stopped early were behind by then: a mark, and no result.

    It is the difference in score (> 0) to the best of those on the same seed that did not diverge, after
    the same epoch, on the examples that trainings are watched on.

    Args:
        cells: those of a level, with their learning curves.
    """
    others: dict[int, list[Cell]] = defaultdict(list)
    behind: dict[float, list[float]] = defaultdict(list)
    cells = list(cells)
    for cell in cells:
        if cell.state == "complete" and not cell.diverged:
            others[cell.seed].append(cell)
    for cell in cells:
        if cell.state == "stopped" and cell.stop is not None and cell.curve:
            last = cell.steps[-1] if cell.steps else len(cell.curve) - 1
            reached = [score for other in others[cell.seed] if (score := other.after(last)) is not None]
            behind[cell.max_lr].append(max([cell.stop.below, *reached]) - cell.curve[-1])
    return {max_lr: fmean(each) for max_lr, each in behind.items()}
