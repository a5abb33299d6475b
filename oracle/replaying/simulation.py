"""One search method walks all levels of a recording, on a simulated clock.

The unit of time is one epoch of one training. As in a real sweep, workers take the cells in the order in which the
search wanted them, and the search is asked again when all of them have ended.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.searching.audit import audited
from oracle.searching.level_search import make_search
from oracle.searching.machine import Decide, Finished, Train, next_action
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.replaying.recording import Recording
    from oracle.searching.candidates import Cell
    from oracle.searching.machine import Action
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
    if rule is not None and len(curve) > rule.epoch + 1 and rule.stops(rule.epoch, curve[rule.epoch]):
        return replace(cell, state="stopped", curve=curve[: rule.epoch + 1])
    return replace(
        cell,
        state="complete",
        curve=curve,
        score=float(reading.validation[place]),
        diverged=bool(reading.diverged[place]),
        finite=bool(reading.finite[place]),
    )


def cost(recording: Recording, level: int, cell: Cell) -> float:
    """Return how many epochs the training of a cell takes."""
    return float(len(outcome(recording, level, cell).curve))


class _Simulation:
    """The state of a walk: the cells of its level, those that wait, and those that are trained now."""

    def __init__(self, recording: Recording, spec: Spec, workers: int) -> None:
        self.recording, self.spec, self.workers = recording, spec, workers
        self.clock = 0.0
        self.trained: list[TrainedCell] = []
        self.decisions: list[Decision] = []

    def walk(self) -> Walk:
        before: list[list[Cell]] = []
        for level in range(self.recording.levels):
            search, ended = make_search(self.spec, level, before), list[TrainedCell]()
            while True:
                cells = [one.cell for one in ended]
                action = next_action(self.recording.levels, level, self.spec.seeds, cells, search)
                if not isinstance(action, Train):
                    break
                ended += self._train(level, action.cells)
            self.trained += ended
            if not self._decided(level, action):
                break
            before.append([one.cell for one in ended])
        return Walk(tuple(self.spec.seeds), self.workers, tuple(self.trained), tuple(self.decisions))

    def _train(self, level: int, cells: Sequence[Cell]) -> list[TrainedCell]:
        """Train cells, and set the clock to when the last one ends."""
        waiting = deque(enumerate(cells))
        running: list[tuple[float, int, float]] = []  # end, number of the cell, start
        ended: dict[int, TrainedCell] = {}
        while waiting or running:
            while waiting and len(running) < self.workers:
                number, cell = waiting.popleft()
                heapq.heappush(running, (self.clock + cost(self.recording, level, cell), number, self.clock))
            self.clock, number, start = heapq.heappop(running)
            outside = self.recording.read(level, cells[number].max_lr).outside
            done = outcome(self.recording, level, cells[number])
            ended[number] = TrainedCell(level, done, start, self.clock, outside)
        return [ended[number] for number in sorted(ended)]

    def _decided(self, level: int, action: Action) -> bool:
        if isinstance(action, Decide):
            self.decisions.append(Decision(level, action.winner, action.silence is not None, self.clock))
        return isinstance(action, Decide | Finished)
