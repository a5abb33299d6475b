"""One search method walks all levels of a recording, on a simulated clock.

The unit of time is one epoch of one training. As in a real sweep, workers take the cells in the order in which the
search wanted them, and levels overlap where the search lets them.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.searching.audit import audited
from oracle.searching.level_search import make_search
from oracle.searching.machine import Decide, Neighbour, Train, Wait, next_action
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.replaying.recording import Recording
    from oracle.searching.candidates import Cell
    from oracle.spec.model import Spec


@dataclass(frozen=True)
class TrainedCell:
    """A cell as it ended.

    Attributes:
        level: its level.
        cell: the cell with its outcome.
        start: when its training began, on the simulated clock.
        end: when it ended.
        outside: whether its `max_lr` is outside the recorded grid, so that it counts as the nearest end.
    """

    level: int
    cell: Cell
    start: float
    end: float
    outside: bool


@dataclass(frozen=True)
class Decision:
    """A decided level.

    Attributes:
        level: its number.
        winner: what the next level starts from.
        silent: whether the level says nothing about `max_lr`.
        end: when it was decided, on the simulated clock.
    """

    level: int
    winner: float
    silent: bool
    end: float


@dataclass(frozen=True)
class Walk:
    """What a method did.

    Attributes:
        seeds: of the study, in its order.
        workers: how many trained at a time.
        trained: the cells, level by level in the order in which the search wanted them.
        decisions: of the levels; fewer than there are if the method got stuck.
    """

    seeds: tuple[int, ...]
    workers: int
    trained: tuple[TrainedCell, ...]
    decisions: tuple[Decision, ...]

    @property
    def epochs(self) -> float:
        """Epochs that were trained, all cells together."""
        return math.fsum(one.end - one.start for one in self.trained)

    @property
    def clock(self) -> float:
        """When the last training ended."""
        return max((one.end for one in self.trained), default=0.0)

    @property
    def busy(self) -> float:
        """The share of their time that the workers trained, 0 to 1."""
        return self.epochs / (self.workers * self.clock) if self.trained else 0.0

    @property
    def outside(self) -> int:
        """How many cells were outside the recorded grid."""
        return sum(one.outside for one in self.trained)

    def cells(self, level: int) -> list[Cell]:
        """Return the cells of a level."""
        return [one.cell for one in self.trained if one.level == level]


def simulate(recording: Recording, spec: Spec, seeds: Sequence[int], workers: int = 1) -> Walk:
    """Let the method of a spec search all recorded levels.

    Whatever it chooses at a level, the next one is as recorded: it started from the winner of the recorded study.

    Args:
        recording: what stands in for training.
        spec: spec of the study that the method makes; its [search] says who searches.
        seeds: which of the recorded seeds that study has, in its order.
        workers: how many cells are trained at a time, >= 1.

    Raises:
        InputError: a seed is not on record, or there are no workers.
    """
    recording.places(seeds)
    if workers < 1 or not seeds:
        raise InputError(f"A replay needs a seed and a worker at least, but there are {len(seeds)} and {workers}.")
    spec = spec.model_copy(update={"seeds": list(seeds), "levels": recording.levels})
    return _Simulation(recording, spec, workers).walk()


def outcome(recording: Recording, level: int, cell: Cell) -> Cell:
    """Return a cell as its training ends: complete, or stopped by its rule unless it is audited."""
    reading, place = recording.read(level, cell.max_lr), recording.places([cell.seed])[0]
    curve = tuple(reading.curve[place, : reading.epochs[place]].tolist())
    rule = None if audited(level, cell.seed, cell.max_lr) else cell.stop
    steps = tuple(recording.steps[: len(curve)].tolist())
    told = () if steps == tuple(range(len(steps))) else steps
    reached = sum(step <= rule.epoch for step in steps) if rule is not None else 0
    if rule is not None and 0 < reached < len(curve) and rule.stops(rule.epoch, curve[reached - 1]):
        return replace(cell, state="stopped", curve=curve[:reached], steps=told[:reached])
    return replace(
        cell,
        state="complete",
        curve=curve,
        steps=told,
        score=float(reading.validation[place]),
        diverged=bool(reading.diverged[place]),
        finite=bool(reading.finite[place]),
    )


def cost(recording: Recording, level: int, cell: Cell) -> float:
    """Return how many epochs the training of a cell takes."""
    return float(len(outcome(recording, level, cell).curve))


class _Simulation:
    """The state of a walk: the cells of each level, those that wait, and those that are trained now."""

    def __init__(self, recording: Recording, spec: Spec, workers: int) -> None:
        self.recording, self.spec, self.workers = recording, spec, workers
        self.clock = 0.0
        self.cells: list[list[Cell]] = [[]]  # by level
        self.times: dict[tuple[int, int], tuple[float, float]] = {}  # by level and number of the cell: start and end
        self.waiting: deque[tuple[int, int]] = deque()
        self.decisions: list[Decision] = []
        self.search = make_search(spec, 0)
        self.trail: Neighbour | None = None
        self.ahead: Neighbour | None = None

    def walk(self) -> Walk:
        running: list[tuple[float, int, int]] = []  # end, level, number of the cell
        due = True
        while True:
            while due:
                due = self._ask()
            while self.waiting and len(running) < self.workers:
                level, number = self.waiting.popleft()
                end = self.clock + cost(self.recording, level, self.cells[level][number])
                self.times[level, number] = self.clock, end
                heapq.heappush(running, (end, level, number))
            if not running:
                return Walk(tuple(self.spec.seeds), self.workers, tuple(self._trained()), tuple(self.decisions))
            self.clock, level, number = heapq.heappop(running)
            self.cells[level][number] = outcome(self.recording, level, self.cells[level][number])
            due = not any(cell.state == "pending" for cell in self.cells[level])

    def _trained(self) -> list[TrainedCell]:
        return [
            TrainedCell(level, cell, *self.times[level, number], self.recording.read(level, cell.max_lr).outside)
            for level, cells in enumerate(self.cells)
            for number, cell in enumerate(cells)
        ]

    def _ask(self) -> bool:
        """Do what the state machine says; return whether it may have more to say."""
        level, seeds = len(self.decisions), self.spec.seeds
        if level == self.recording.levels:
            return False
        cells = self.cells[level]
        match next_action(self.recording.levels, level, seeds, cells, self.search, self.trail, self.ahead):
            case Train(wanted, step):
                there = self.cells[level + step]
                self.waiting.extend((level + step, len(there) + place) for place in range(len(wanted)))
                there += wanted
            case Decide() as decision:
                self.decisions.append(Decision(level, decision.winner, decision.silence is not None, self.clock))
                self.trail, self.ahead = Neighbour(self.search, cells), None
                self._enter(level + 1)
            case Wait():
                return self._begin_next(level, cells)
            case _:
                return False
        return True

    def _enter(self, level: int) -> None:
        """Go on with the next level, which may have begun."""
        if level < self.recording.levels:
            self.search = make_search(self.spec, level, self.cells[:level])
            self.cells += [[]] * (len(self.cells) == level)

    def _begin_next(self, level: int, cells: Sequence[Cell]) -> bool:
        """Let the next level begin if this one has named a candidate for it to start from; return whether it does.

        Here it goes on with what has begun whoever wins: all of a level is as recorded.
        """
        if self.trail and not any(cell.state == "pending" for cell in self.trail.cells):
            self.trail = None
        if self.trail or self.ahead or level + 1 >= self.recording.levels:
            return False
        if self.search.named(self.spec.seeds, cells) is None:
            return False
        self.cells.append([])
        self.ahead = Neighbour(make_search(self.spec, level + 1, self.cells[: level + 1]), self.cells[level + 1])
        return True
