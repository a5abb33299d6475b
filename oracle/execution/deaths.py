"""What happens to a trial whose worker dies: one rule for every executor whose workers are processes.

A worker may die because it was killed or its machine was lost, which is not the trial's fault. So the trial is handed
out again `FORGIVEN` times, and no attempt is counted. After that, a death is a failed attempt, as an exception is. So
is exceeding the time limit, at which a worker ends itself (see `oracle.execution.trainer`).

If several trials were trained together, nobody knows which one killed the worker. So from then on each is trained by
itself: at once after a time limit, from the second death on otherwise, since the first may be the machine's fault.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from signal import Signals
from time import monotonic
from typing import TYPE_CHECKING

from oracle.execution.messages import Failure, begun_at
from studies import StartRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution import TrialSource
    from oracle.execution.gate import Gate
    from oracle.execution.messages import Answer, Request

FORGIVEN = 3
"""How many deaths of its workers do not count against a trial."""

TOO_LATE = 1
"""Exit code of a worker that has ended itself at a time limit: that of `faulthandler.dump_traceback_later`."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Died(Failure):
    """A request whose worker died before it could report, alone or with its machine.

    Attributes:
        code: the worker's exit code; that of a signal is negative. None if nobody knows.
    """

    error: str = "The worker process died before it could report."
    code: int | None = None


def died(group: Sequence[Request], code: int | None = None) -> list[Answer]:
    """Return the answers of a worker that has died.

    Args:
        group: what it was training.
        code: its exit code, as that of `Died`.
    """
    if code is None:
        return [Died()] * len(group)
    error = f"The worker process died before it could report: it ended {how_it_ended(code)}."
    return [Died(error, code)] * len(group)


def how_it_ended(code: int) -> str:
    """Return how a process ended, in words that follow "it ended", from its exit code; a signal's is negative."""
    if code == -Signals.SIGKILL:
        return "by SIGKILL, as happens when the machine's memory is full"
    if code < 0:
        return f"by {Signals(-code).name}" if -code in set(Signals) else f"by signal {-code}"
    return f"with exit code {code}"


class Forgiving:
    """A source that hands out a request again if its worker has died.

    Args:
        source: source of the requests.
        limit: seconds per request after which a worker ends itself; n requests together have n times that. None for no
            limit.
    """

    def __init__(self, source: TrialSource, limit: float | None = None) -> None:
        self.source, self.limit = source, limit
        self._again: deque[Request] = deque()
        self._deaths: Counter[Request] = Counter()
        self._late: set[Request] = set()
        self._deadlines: dict[Request, float] = {}
        self._starts: dict[Request, StartRecord] = {}

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train, now or later."""
        return not self._again and self.source.finished

    @property
    def gate(self) -> Gate | None:
        """That of the source."""
        return self.source.gate

    def next(self, most: int = 1) -> list[Request]:
        """Return requests as `TrialSource.next` does; those that were lost come first."""
        again = [self._again.popleft() for _ in range(min(most, len(self._again)))]
        return again or list(self.source.next(most))

    def alone(self, request: Request) -> bool:
        """Whether a request must be trained by itself from now on."""
        return request in self._late or self._deaths[request] > 1

    def begun(self, group: Sequence[Request], workers: int = 1) -> None:
        """Note that one of so many workers has started on some requests."""
        if self.gate is not None:
            self.gate.arrived(group)
        self._starts |= dict.fromkeys(group, StartRecord(datetime.now(UTC), workers))
        if self.limit is not None:
            self._deadlines |= dict.fromkeys(group, monotonic() + self.limit * len(group))

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        """Pass answers on to the source; a `Died` only if it counts against the trial."""
        if self.gate is not None:
            self.gate.arrived(
                [request for request, _ in answers]
            )  # one may have been lost before it reached its worker
        passed_on = []
        for request, answer in answers:
            late = self._deadlines.pop(request, math.inf) <= monotonic()
            start = self._starts.pop(request, None)
            if not isinstance(answer, Died):
                passed_on.append((request, begun_at(answer, start) if start else answer))
            elif late and answer.code in (None, TOO_LATE):
                self._late.add(request)
                passed_on.append((request, Failure(self._too_long)))
            elif self._deaths[request] >= FORGIVEN:
                passed_on.append((request, answer))
            else:
                self._deaths[request] += 1
                self._again.append(request)
                _log.warning("A worker died at level %s, seed %s; its trial starts again.", request.level, request.seed)
        if passed_on:
            self.source.record(passed_on)

    @property
    def _too_long(self) -> str:
        return f"The trial took longer than its time limit of {self.limit:g} seconds, so its worker was ended."
