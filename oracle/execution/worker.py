"""A worker: takes requests, trains, puts what a training leaves into the artifact store, and returns the results.

It does not know the database; only the driver writes there. There are two: one trains networks by this program's own
loop, the other runs trainings of the user's.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts


class Worker(Protocol):
    """Trains trials of one study."""

    def attempt(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests, in their order. An exception becomes a failure."""
        ...

    def usable(self) -> bool:
        """Whether the device still works."""
        ...


def make_worker(
    spec: Spec,
    artifacts: Artifacts,
    training: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Worker:
    """Return the worker that the study needs; the other one, and what only it needs, is not imported.

    Args:
        spec: spec of the study.
        artifacts: where parents come from, and where what trainings leave goes.
        training: the context in which so many requests are trained; it is entered once everything is prepared.
    """
    if spec.own_training:
        from oracle.execution.own_worker import OwnWorker

        return OwnWorker(spec, artifacts, training)
    from oracle.execution.network_worker import NetworkWorker

    return NetworkWorker(spec, artifacts, training)
