"""The oracle as a pure state machine: from what has happened at a level to what comes next.

It performs no I/O and keeps no state, so a sweep can stop anywhere and resume from what the database says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from oracle.searching.candidates import Cell, Silence, best, candidates, is_edge, silence, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.level_search import LevelSearch


@dataclass(frozen=True)
class Train:
    """Train these cells, all of them pending.

    Attributes:
        step: of which level they are, from the one that was asked about: -1 the level before, 1 the next.
    """

    cells: tuple[Cell, ...]
    step: int = 0


@dataclass(frozen=True)
class Wait:
    """Trials are still pending."""


@dataclass(frozen=True)
class Blocked:
    """Every trial has ended and some have failed. A level with missing results is not decided."""

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


class Neighbour(NamedTuple):
    """A level that overlaps with the first undecided one.

    Attributes:
        search: the search of that level.
        cells: its trials that have been proposed so far.
    """

    search: LevelSearch
    cells: Sequence[Cell]


def next_action(
    levels: int,
    level: int,
    seeds: Sequence[int],
    cells: Sequence[Cell],
    search: LevelSearch,
    trail: Neighbour | None = None,
    ahead: Neighbour | None = None,
) -> Action:
    """Return what to do at the first undecided level, and at its neighbours.

    Args:
        levels: number of levels in the run.
        level: the first undecided one; `levels` when all are decided.
        seeds: the seeds of the study. The winner is one of the candidates that are trained on all of them.
        cells: the trials of that level that have been proposed so far.
        search: the search of that level.
        trail: the level before, until it is known to want nothing more; by then, and no sooner, the level is decided.
        ahead: the next level, from when a candidate is named that it can begin from. No decision waits for it.
    """
    if level >= levels:
        return Finished()
    if wanted := search.wanted(seeds, cells):
        return Train(tuple(wanted))
    if level == levels - 1 and (wanted := search.trailing(seeds, cells)):  # no other level is there to go along with
        return Train(tuple(wanted))
    if ahead and (wanted := ahead.search.opening(seeds, ahead.cells)):
        return Train(tuple(wanted), 1)
    if trail and (wanted := trail.search.trailing(seeds, trail.cells)):
        return Train(tuple(wanted), -1)
    needed = [*cells, *(trail.cells if trail else ())]
    if any(cell.state == "pending" for cell in needed):
        return Wait()
    if failed := tuple(cell for cell in needed if cell.state == "failed"):
        return Wait() if ahead and any(cell.state == "pending" for cell in ahead.cells) else Blocked(failed)
    observed = candidates(cells)
    winner = best(whole(observed))
    if not winner.finite:
        return Stuck()
    stopped = [cell.max_lr for cell in cells if cell.state == "stopped"]
    return Decide(winner.max_lr, is_edge(winner, observed, stopped), silence(observed))
