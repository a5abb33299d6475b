"""Which candidate a race has named as its level's winner, and how the level stood when it was named or decided.

A level is searched in rounds. The round that trains a candidate on all seeds that it lacks names it: from then on the
next level can begin, on the first seed. What the race does after the decision makes no other candidate whole. So all of
this follows from the rounds of the cells, whenever it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from oracle.searching.candidates import Cell, best, candidates, whole

if TYPE_CHECKING:
    from collections.abc import Sequence


def named(seeds: Sequence[int], cells: Sequence[Cell]) -> float | None:
    """Return the first candidate that a round trains on all seeds that it lacked, the first seed not among them."""
    trained: dict[float, set[int]] = defaultdict(set)
    for _, group in groupby(sorted(cells, key=lambda cell: cell.round), key=lambda cell: cell.round):
        of_round = list(group)
        rates = {cell.max_lr for cell in of_round}
        for rate in rates if len(rates) == 1 else ():
            if seeds[0] in trained[rate] and trained[rate] | {cell.seed for cell in of_round} >= set(seeds):
                return rate
        for cell in of_round:
            if cell.state == "complete":
                trained[cell.max_lr].add(cell.seed)
    return None


def when_named(seeds: Sequence[int], cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells of a level as they stood when its winner was named: those of the last round were pending."""
    ahead = _of_the_whole(seeds, cells)
    rate = best(whole(candidates(ahead))).max_lr if ahead else named(seeds, cells)
    last = max((cell.round for cell in cells if cell.max_lr == rate), default=None)
    if last is None:
        return list(cells)
    return [
        cell if cell.round < last else Cell(cell.max_lr, cell.seed, cell.round, "pending", stop=cell.stop)
        for cell in cells
        if cell.round <= last
    ]


def when_decided(seeds: Sequence[int], cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that a level was decided by: up to the last round that made a candidate whole."""
    last = max((cell.round for cell in _of_the_whole(seeds, cells)), default=None)
    return list(cells) if last is None or len(seeds) == 1 else [cell for cell in cells if cell.round <= last]


def _of_the_whole(seeds: Sequence[int], cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells of the candidates that are trained on all seeds."""
    trained: dict[float, set[int]] = defaultdict(set)
    for cell in cells:
        if cell.state == "complete":
            trained[cell.max_lr].add(cell.seed)
    return [cell for cell in cells if trained[cell.max_lr] >= set(seeds)]
