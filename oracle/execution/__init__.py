"""Executors, which train the trials. Importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oracle.execution.options import ExecutionOptions
from oracle.execution.registry import EXECUTORS, make_executor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution.gate import Gate
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts

__all__ = ["EXECUTORS", "ExecutionOptions", "Executor", "ExecutorClass", "TrialSource", "make_executor"]


class TrialSource(Protocol):
    """Hands requests to an executor and takes the answers, all in one thread."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train, now or later."""
        ...

    @property
    def gate(self) -> Gate | None:
        """What lets requests through to workers; closed to stop early. None if that cannot happen."""
        ...

    def next(self, most: int = 1) -> Sequence[Request]:
        """Return up to `most` requests, to be done together or apart: none of them depends on another.

        There may be more requests even if fewer than `most` are returned. An empty list means that nothing can be done
        now: answers must come first, or everything is done.
        """
        ...

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        """Take the answers to some requests, with the same result as taking them one by one."""
        ...


class Executor(Protocol):
    """Trains a source's trials until it is finished, or its gate is closed."""

    @property
    def here(self) -> bool:
        """Whether it trains on this machine, so that the study's device must be there."""
        ...

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`; once its gate is closed, finish what is under way.

        An exception or KeyboardInterrupt leaves no process behind.
        """
        ...


class ExecutorClass(Protocol):
    """The class of an executor, as `EXECUTORS` lists it."""

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Executor:
        """Return an executor for a study.

        Raises:
            InputError: the options do not fit each other, this executor or this study.
        """
        ...
