"""What happens to a trial whose worker dies: one rule for every executor whose workers are processes.

A worker that was killed, or whose machine was lost, says nothing about the trial: it is handed out again without
counting as an attempt, `FORGIVEN` times. A trial that keeps killing its workers is then treated like one that raises;
so is one that takes longer than it may, whose worker ends itself (see `oracle.execution.trainer`). Of trials that were
trained together nobody knows which one it was, so they are trained one by one from then on: late ones at once, others
from the second death on, since the first may be the machine's fault.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from oracle.execution.messages import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution import TrialSource
    from oracle.execution.messages import Answer, Request

FORGIVEN = 3
"""How many deaths of its workers a trial is forgiven."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Died(Failure):
    """A request whose worker died, with its machine or alone, before it could report."""

    error: str = "The worker process died before it could report."


def died(group: Sequence[Request]) -> list[Answer]:
    """Return the answers of a worker that has died."""
    return [Died()] * len(group)


class Forgiving:
    """A source that hands out again what was lost with its worker.

    Args:
        source: of the trials.
        limit: seconds that a worker may take for a request before it ends itself, for several together as many times
            that; None if there is none.
    """

    def __init__(self, source: TrialSource, limit: float | None = None) -> None:
        self.source, self.limit = source, limit
        self._again: deque[Request] = deque()
        self._deaths: Counter[Request] = Counter()
        self._late: set[Request] = set()
        self._deadlines: dict[Request, float] = {}

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train, nor will be."""
        return not self._again and self.source.finished

    def next(self, most: int = 1) -> list[Request]:
        """Return what to do next, as `TrialSource.next` does; what was lost comes first."""
        again = [self._again.popleft() for _ in range(min(most, len(self._again)))]
        return again or list(self.source.next(most))

    def alone(self, request: Request) -> bool:
        """Whether a request must not be trained together with others any more."""
        return request in self._late or self._deaths[request] > 1

    def begun(self, group: Sequence[Request]) -> None:
        """Note that a worker has begun with some requests."""
        if self.limit is not None:
            self._deadlines |= dict.fromkeys(group, monotonic() + self.limit * len(group))

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        """Pass answers on; a `Died` only if it is not forgiven."""
        passed_on = []
        for request, answer in answers:
            late = self._deadlines.pop(request, math.inf) <= monotonic()
            if not isinstance(answer, Died):
                passed_on.append((request, answer))
            elif late:
                self._late.add(request)
                passed_on.append((request, Failure(self._too_long)))
            elif self._deaths[request] >= FORGIVEN:
                passed_on.append((request, answer))
            else:
                self._deaths[request] += 1
                self._again.append(request)
                _log.warning("A worker died at level %s, seed %s; its work is done again.", request.level, request.seed)
        if passed_on:
            self.source.record(passed_on)

    @property
    def _too_long(self) -> str:
        return (
            f"The trial took longer than the {self.limit:g} seconds that --trial-timeout allows, so its worker was "
            f"ended."
        )
