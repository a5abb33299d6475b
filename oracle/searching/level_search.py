"""Who searches a level: what it wants to train next, cell by cell or in rounds of whole candidates."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

from oracle.searching.candidates import Cell, candidates
from oracle.searching.proposers import make_proposer
from oracle.spec.search_methods import SEARCH_METHODS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.proposers import Proposer
    from oracle.spec.model import Spec


class LevelSearch(Protocol):
    """Searches one level. One whose levels overlap says so by `named`, `opening` and `trailing`."""

    def wanted(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
        """Return the cells to train next, all pending; none if there is nothing to add.

        If there is nothing to add and every cell has ended, the level is decided. So by then one candidate at least is
        trained on all seeds.

        This is a pure function of the cells so far, and of the levels before, whatever the number of workers. So a
        resumed level continues as it would have without the interruption. While cells are pending or have failed, it
        returns only what does not depend on how they end.

        Args:
            seeds: the seeds of the study, in its order; those that were added later come last.
            cells: the trials of the level that have been proposed so far, in any order.
        """
        ...

    def named(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> float | None:  # noqa: ARG002
        """Return the candidate that the next level can begin from, on the first seed, while its others are trained.

        It is the winner, unless it does worse on the others than it seems. None if there is none yet. The answer stays
        once there is one.
        """
        return None

    def opening(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:  # noqa: ARG002
        """Return those cells of `wanted` that can be trained before the level before is decided, all on the first seed.

        The answer is the same before and after that decision.
        """
        return []

    def trailing(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:  # noqa: ARG002
        """Return cells that are worth training although the level is decided; no next level but one begins before.

        They cannot change the winner. Otherwise as `wanted`.
        """
        return []


class Rounds(LevelSearch):
    """Trains whole candidates, round by round: each on every seed.

    Args:
        proposer: proposes the rounds.
    """

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer

    def wanted(self, seeds: Sequence[int], cells: Sequence[Cell], /) -> list[Cell]:
        """Return what candidates lack because seeds were added to the study; else the next round."""
        there, rounds = {(cell.max_lr, cell.seed) for cell in cells}, {cell.max_lr: cell.round for cell in cells}
        missing = [
            Cell(max_lr, seed, round_, "pending")
            for max_lr, round_ in rounds.items()
            for seed in seeds
            if (max_lr, seed) not in there
        ]
        if missing or any(cell.state != "complete" for cell in cells):
            return missing
        round_ = 1 + max(rounds.values(), default=-1)
        return [
            Cell(max_lr, seed, round_, "pending")
            for max_lr in self._proposer.propose(candidates(cells))
            for seed in seeds
        ]


def make_search(spec: Spec, level: int, before: Sequence[Sequence[Cell]] = ()) -> LevelSearch:
    """Return the search of a level that the spec asks for.

    Args:
        spec: spec of the study.
        level: its number.
        before: the cells of all levels before, for a method that learns from them (`SearchMethod.looks_back`).
    """
    method = SEARCH_METHODS[spec.search.method]
    if method.looks_back:
        search: LevelSearch = resolve_name(method.path)(spec, level, before)
        return search
    return Rounds(make_proposer(spec, level))
