"""A simulated cluster: any number of workers, on a simulated clock that nobody has to wait for."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from oracle.execution.deaths import Died, Forgiving
from oracle.testing.made_up_outcomes import MadeUp

if TYPE_CHECKING:
    from oracle.execution import TrialSource
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts


class SimulatedExecutor:
    """An executor that makes up the outcomes of trials and how long they take. Everything else is real.

    A trial takes from half to one and a half times the mean. A worker may die at any moment of a trial; it is replaced
    at once, and the trial starts again. The same arguments give the same events.

    Args:
        workers: how many trials to train at a time, >= 1.
        seconds: mean duration of a trial, > 0, on the simulated clock.
        pause: seconds between two checks for ended trials, >= 0; those that ended meanwhile are recorded together.
        deaths: the fraction of trials during which the worker dies, in [0, 1).
        epochs: number of epochs of every trial, >= 0.
        weights: whether to put a few bytes into the artifact store in place of weights.
        seed: seed of the durations and deaths.

    Attributes:
        clock: seconds that have passed so far, on the simulated clock.
        busy: seconds that all workers together have spent on trials so far.
        died: how many workers have died so far.
    """

    here = True

    def __init__(
        self,
        workers: int,
        seconds: float = 60.0,
        pause: float = 0.0,
        deaths: float = 0.0,
        epochs: int = 2,
        weights: bool = False,
        seed: int = 0,
    ) -> None:
        self.workers, self.seconds, self.pause, self.deaths = workers, seconds, pause, deaths
        self.epochs, self.weights = epochs, weights
        self._random = Random(seed)
        self.clock = self.busy = 0.0
        self.died = 0

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        source = Forgiving(source)
        made_up = MadeUp(spec.pruning.rate, artifacts if self.weights else None, epochs=self.epochs)
        under_way: list[tuple[float, int, Request, bool]] = []  # a heap: when it ends, and whether by a death
        numbers = count()
        while True:
            while (free := self.workers - len(under_way)) and (requests := source.next(free)):
                for request in requests:
                    seconds, dies = self._fate()
                    self.busy += seconds
                    heappush(under_way, (self.clock + seconds, next(numbers), request, dies))
            if not under_way:
                return
            self.clock = under_way[0][0] + self.pause
            answers: list[tuple[Request, Answer]] = []
            while under_way and under_way[0][0] <= self.clock:
                _, _, request, died = heappop(under_way)
                self.died += died
                answers.append((request, Died() if died else made_up.answer(request)))
            source.record(answers)

    def _fate(self) -> tuple[float, bool]:
        """Draw how long a worker works on a trial, and whether it then dies."""
        dies = self._random.random() < self.deaths
        return self.seconds * self._random.uniform(0.0 if dies else 0.5, 1.5), dies
