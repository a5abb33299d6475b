"""The grid, widened by its own spacing while the winner is on its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from oracle.searching.candidates import best, silence
from oracle.spec.search import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.candidates import Candidate
    from oracle.spec.model import Spec


class GridProposer:
    """Proposes the whole grid at once, then one candidate beyond the edge as long as the winner is there.

    It never widens upwards past divergence: beyond a diverged candidate there is nothing to find. It does not widen at
    all at a level that says nothing about `max_lr`: there the winner is a matter of ties.

    Args:
        grid: the candidates, in ascending order.
        scale: whether the spacing is a ratio or a difference.
        widen: how often to widen at most, >= 0.
    """

    def __init__(self, grid: Sequence[float], scale: Literal["log", "linear"], widen: int) -> None:
        self.grid, self.scale, self.widen = list(grid), scale, widen

    @classmethod
    def from_spec(cls, spec: Spec, level: int) -> Self:  # noqa: ARG003
        """Return the proposer of a level; it is the same for all levels."""
        return cls(spec.search.max_lr.grid(), spec.search.max_lr.scale, spec.search.widen)

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        """Return the grid, or the next candidate beyond it, or nothing."""
        tried = sorted(candidate.max_lr for candidate in observed)
        missing = [value for value in self.grid if value not in tried]
        if missing:
            return missing
        if len(tried) < 2 or len(tried) - len(self.grid) >= self.widen:
            return []
        if silence(observed):
            return []
        winner = best(observed)
        if winner.max_lr == tried[-1]:
            return beyond(tried[-1], tried[-2], self.scale)
        if winner.max_lr == tried[0]:
            return beyond(tried[0], tried[1], self.scale)
        return []


def beyond(edge: float, inner: float, scale: Literal["log", "linear"]) -> list[float]:
    """Return the candidate beyond the edge of a grid, as far from it as its neighbour; none if that is not positive.

    Args:
        edge: the first or the last candidate.
        inner: its neighbour.
        scale: whether the spacing is a ratio or a difference.
    """
    value = edge * edge / inner if scale == "log" else edge + (edge - inner)
    value = rounded(value, abs(edge - inner))
    return [value] if value > 0 and value != edge else []
