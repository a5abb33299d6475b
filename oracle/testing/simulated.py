"""A cluster that is not there: any number of workers on a clock of their own, which moves on without anyone waiting."""

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
    """Makes up what trials come to and how long they take, and leaves everything else as it is.

    A trial takes from half to one and a half times the mean. A worker that dies does so at some moment of its trial,
    and is replaced at once; its trial is begun again. The same arguments give the same course of events.

    Args:
        workers: how many trials are under way at a time, >= 1.
        seconds: that a trial takes in the mean, > 0, by the simulated clock.
        pause: seconds between two looks at what has ended, >= 0; what ended meanwhile is recorded together.
        deaths: the share of trials that the death of their worker cuts short, in [0, 1).
        epochs: of every trial, >= 0.
        weights: whether a few bytes are put into the artifact store in place of weights.
        seed: of durations and deaths.

    Attributes:
        clock: seconds that have passed so far, by the simulated clock.
        busy: seconds that workers have spent on trials so far, all together.
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
        """Draw how long a worker is at it, and whether it dies then."""
        dies = self._random.random() < self.deaths
        return self.seconds * self._random.uniform(0.0 if dies else 0.5, 1.5), dies
