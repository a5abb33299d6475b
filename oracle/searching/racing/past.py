"""What a race knows of the levels before: how their candidates stand, and what they have cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from oracle.searching.standings import Standings
from oracle.spec.metric import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.searching.candidates import Cell
    from oracle.spec.metric import MetricSpec


@dataclass(frozen=True)
class Past:
    """The levels before.

    Attributes:
        standings: by level, how its candidates stand.
        at_drop: the same right after the drop of the learning rate; empty if there is none.
        spent: what they have cost, in trainings.
        last: what the last of them has cost.
    """

    standings: Sequence[Standings]
    at_drop: Sequence[Standings]
    spent: float
    last: float

    @classmethod
    def of(cls, before: Sequence[Sequence[Cell]], epochs: int, drop: int | None, metric: MetricSpec = ACCURACY) -> Self:
        """Return what the cells of the levels before tell.

        Args:
            before: the cells, by level.
            epochs: of a training.
            drop: the epoch after the drop of the learning rate; None if there is none.
            metric: the study's.
        """
        return cls(
            [Standings.of(number, cells, None, metric) for number, cells in enumerate(before)],
            [] if drop is None else [Standings.of(number, cells, drop, metric) for number, cells in enumerate(before)],
            sum(trainings(cells, epochs) for cells in before),
            trainings(before[-1], epochs) if before else 0.0,
        )


def trainings(cells: Iterable[Cell], epochs: int) -> float:
    """Return how many trainings cells cost; one that was stopped has cost a part, and one that is pending will cost it.

    Args:
        cells: of any levels.
        epochs: of a training.
    """
    return math.fsum(cell.taken / epochs if cell.state == "stopped" else 1.0 for cell in cells)
