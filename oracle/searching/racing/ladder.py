"""The candidates of a race in ascending order: the grid, and what lies beyond its ends in the same spacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.searching.proposers.grid import beyond

if TYPE_CHECKING:
    from oracle.spec.search import SearchSpec


class Ladder:
    """The candidates that a race may train.

    Args:
        search: grid, scale, and how often the grid may be widened.

    Attributes:
        rungs: all candidates, ascending.
        grid: the places of the grid among them.
    """

    def __init__(self, search: SearchSpec) -> None:
        grid = search.max_lr.grid()
        below, above = ([], []) if len(grid) < 2 else (grid[1::-1], grid[-2:])
        for side in (below, above):
            for _ in range(search.widen if side else 0):
                side += beyond(side[-1], side[-2], search.max_lr.scale)
        self.rungs = [*below[:1:-1], *grid, *above[2:]]
        self.grid = range(len(below[2:]), len(below[2:]) + len(grid))
        self._widen = search.widen

    def place(self, max_lr: float) -> int:
        """Return the place of the candidate that is nearest to a `max_lr`, within the grid, in log `max_lr`."""
        return min(self.grid, key=lambda place: abs(max_lr / self.rungs[place] - self.rungs[place] / max_lr))

    def may_try(self, place: int, tried: set[int]) -> bool:
        """Return whether a place exists, and is in the grid or may widen it still."""
        if not 0 <= place < len(self.rungs):
            return False
        return place in self.grid or len({*tried, place} - set(self.grid)) <= self._widen
