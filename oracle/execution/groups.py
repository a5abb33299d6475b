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
    """What a source has to do, dealt out in groups of trials that share level and seed, and so their batches.

    A group gets its share of all that is waiting, so groups get smaller as a level runs out, and the workers come to
    its end together (guided self-scheduling: Polychronopoulos & Kuck, IEEE Transactions on Computers, 1987).

    Args:
        source: of what is to be done.
        spec: of the study; its engine says how many trials are trained together.
        workers: how many groups are trained at a time, >= 1.
        alone: whether a request is dealt out by itself, since it may be what kills its workers.
    """

    def __init__(
        self, source: TrialSource, spec: Spec, workers: int, alone: Callable[[Request], bool] = lambda _: False
    ) -> None:
        self._source, self._workers, self._alone = source, workers, alone
        self._most = 1 if spec.engine == AUTO else ENGINES[spec.engine].largest
        self._waiting: dict[tuple[int, ...], list[Request]] = {}

    def next(self) -> list[Request]:
        """Return a group; an empty list means that there is nothing now: answers must come first, or it is over."""
        if self._most == 1:
            return list(self._source.next(1))
        for request in self._source.next(_ALL):
            together = isinstance(request, TrialRequest) and not self._alone(request)
            key: tuple[int, ...] = (request.level, request.seed) if together else (id(request),)
            self._waiting.setdefault(key, []).append(request)
        if not self._waiting:
            return []
        share = ceil(sum(map(len, self._waiting.values())) / self._workers)
        longest, alike = max(self._waiting.items(), key=lambda item: len(item[1]))
        size = min(self._most, share)
        group, left = alike[:size], alike[size:]
        if left:
            self._waiting[longest] = left
        else:
            del self._waiting[longest]
        return group
