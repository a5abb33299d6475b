"""What happens to a trial whose worker dies: one rule for every executor whose workers are processes.

A worker that was killed, or whose machine was lost, says nothing about the trial: it is handed out again without
counting as an attempt, `FORGIVEN` times. A trial that goes on killing its workers is then treated like one that raises;
so is one that takes longer than it may, whose worker ends itself (see `oracle.execution.trainer`).
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from oracle.messages import Failure

if TYPE_CHECKING:
    from oracle.execution import TrialSource
    from oracle.messages import Answer, Request

FORGIVEN = 3
"""How many deaths of its workers a trial is forgiven."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Died(Failure):
    """A request whose worker died, with its machine or alone, before it could report."""

    error: str = "The worker process died before it could report."


class Forgiving:
    """A source that hands out again what was lost with its worker.

    Args:
        source: of the trials.
        limit: seconds that a worker may take for a request before it ends itself; None if there is none.
    """

    def __init__(self, source: TrialSource, limit: float | None = None) -> None:
        self.source, self.limit = source, limit
        self._again: deque[Request] = deque()
        self._deaths: Counter[Request] = Counter()
        self._begun: dict[Request, float] = {}

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train, nor will be."""
        return not self._again and self.source.finished

    def next(self) -> Request | None:
        """Return what to do next, as `TrialSource.next` does; what was lost comes first."""
        return self._again.popleft() if self._again else self.source.next()

    def begun(self, request: Request) -> None:
        """Take note that a worker is at a request from now on."""
        self._begun[request] = monotonic()

    def record(self, request: Request, answer: Answer) -> None:
        """Pass an answer on; a `Died` only if it is not forgiven."""
        begun = self._begun.pop(request, None)
        if isinstance(answer, Died):
            if self.limit is not None and begun is not None and monotonic() - begun >= self.limit:
                answer = Failure(
                    f"The trial took longer than the {self.limit:g} seconds that --trial-timeout allows, so its worker "
                    f"was ended."
                )
            elif self._deaths[request] < FORGIVEN:
                self._deaths[request] += 1
                self._again.append(request)
                _log.warning(
                    "A worker died at level %s, seed %s; what it was at is done again.", request.level, request.seed
                )
                return
        self.source.record(request, answer)
