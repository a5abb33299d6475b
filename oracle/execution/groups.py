"""Trials in groups, for workers that train several in lock-step."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from oracle.execution.messages import TrialRequest
from oracle.spec.model import AUTO
from scyc.engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.execution import TrialSource
    from oracle.execution.messages import Request
    from oracle.spec.model import Spec

_ALL = 2**31


class Groups:
    """Deals out a source's requests in groups: trials of one level and seed, which share their batches.

    Each group is an equal share of all that is waiting. So groups get smaller towards the end of a level, and the
    workers finish it together (guided self-scheduling: Polychronopoulos & Kuck, IEEE Transactions on Computers, 1987).

    Args:
        source: source of the requests.
        spec: spec of the study; its engine says how many trials can be trained together.
        workers: how many groups are trained at a time, >= 1.
        alone: whether a request must be in a group by itself, because it may be the one that kills its workers.
    """

    def __init__(
        self, source: TrialSource, spec: Spec, workers: int, alone: Callable[[Request], bool] = lambda _: False
    ) -> None:
        self._source, self.workers, self._alone = source, workers, alone
        self._most = 1 if spec.engine == AUTO or spec.own_training else ENGINES[spec.engine].largest
        self._waiting: dict[tuple[int, ...], list[Request]] = {}

    def next(self) -> list[Request]:
        """Return a group. It is empty if nothing can be done now: answers must come first, or everything is done."""
        gate = self._source.gate
        return self._deal() if gate is None else gate.let_through(self._deal)

    def _deal(self) -> list[Request]:
        if self._most == 1:
            return list(self._source.next(1))
        for request in self._source.next(_ALL):
            together = isinstance(request, TrialRequest) and not self._alone(request)
            key: tuple[int, ...] = (request.level, request.seed) if together else (id(request),)
            self._waiting.setdefault(key, []).append(request)
        if not self._waiting:
            return []
        share = ceil(sum(map(len, self._waiting.values())) / self.workers)
        longest, alike = max(self._waiting.items(), key=lambda item: len(item[1]))
        size = min(self._most, share)
        group, left = alike[:size], alike[size:]
        if left:
            self._waiting[longest] = left
        else:
            del self._waiting[longest]
        return group
