"""Executors: who trains the trials. Importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oracle.execution.options import ExecutionOptions
from oracle.execution.registry import EXECUTORS, make_executor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts

__all__ = ["EXECUTORS", "ExecutionOptions", "Executor", "ExecutorClass", "TrialSource", "make_executor"]


class TrialSource(Protocol):
    """Where an executor gets trials from and brings their outcomes to, all from one thread."""

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train, nor will be."""
        ...

    def next(self, most: int = 1) -> Sequence[Request]:
        """Return up to `most` things to do next, to be done together or apart.

        None of them waits for another one. There may be more although fewer than `most` are returned; an empty list
        means that there is nothing now: answers must come first, or it is over.
        """
        ...

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        """Take the answers to some requests: what comes of it is the same as from taking them one by one."""
        ...


class Executor(Protocol):
    """Trains a source's trials until it is finished."""

    @property
    def here(self) -> bool:
        """Whether it trains on this machine, so that the study's device must be there."""
        ...

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`. An exception or KeyboardInterrupt leaves no process behind."""
        ...


class ExecutorClass(Protocol):
    """What stands in `EXECUTORS`."""

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Executor:
        """Return an executor for a study.

        Raises:
            InputError: the options do not go together, or not with this executor or this study.
        """
        ...
