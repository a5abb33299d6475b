"""What a worker process runs, whoever started it: requests one after another, each within its time limit."""

from __future__ import annotations

import faulthandler
import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oracle.execution.messages import Failure
from oracle.execution.worker import make_worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.execution.messages import Answer, Request
    from oracle.execution.worker import Worker
    from oracle.spec.model import Spec
    from studies import Artifacts

STDERR = 2
GPU_LOST = 70  # exit code
PREPARATION = 120.0
"""Least seconds that a worker has, where trials have a time limit, for what comes before training."""


class Trainer:
    """A worker that is created on the first request. If creating it fails, the answers say why.

    Args:
        spec: spec of the study.
        artifacts: where parents come from and checkpoints go to.
        limit: seconds that a request may take; n requests together have n times that. It starts when training does:
            for imports, data and building networks there are ten times as many seconds, `PREPARATION` at least. None
            for no limit.
    """

    def __init__(self, spec: Spec, artifacts: Artifacts, limit: float | None = None) -> None:
        self.spec, self.artifacts = spec, artifacts
        self._clock = Clock(limit)
        self._worker: Worker | None = None

    def attempt(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests. An exception becomes a failure; if a request hangs, this process ends.

        The process also ends if it has lost its GPU. Otherwise it would fail one trial after another, faster than other
        workers can train them.
        """
        with self._clock.preparing():
            try:
                self._worker = worker = self._worker or make_worker(self.spec, self.artifacts, self._clock.training)
            except Exception:
                return [Failure(traceback.format_exc())] * len(requests)
            answers = worker.attempt(requests)
            if any(isinstance(answer, Failure) for answer in answers) and not worker.usable():
                os._exit(GPU_LOST)
            return answers


class Clock:
    """Ends this process, with the stacks of its threads on standard error, when a time limit is over.

    The clock is a thread of C code. It runs even while a library holds the interpreter's lock for ever.

    Args:
        limit: seconds that a trial may train; None for no limit.
    """

    def __init__(self, limit: float | None) -> None:
        self._limit = limit

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Limit the time of the block to what may pass before a training begins, or between two."""
        if self._limit is None:
            yield
            return
        try:
            self._prepare(self._limit)
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()

    @contextmanager
    def training(self, trials: int) -> Iterator[None]:
        """Within a block of `preparing`, let the time limit of some trials hold instead."""
        if self._limit is None:
            yield
            return
        faulthandler.dump_traceback_later(self._limit * trials, exit=True, file=STDERR)
        try:
            yield
        finally:
            self._prepare(self._limit)

    def _prepare(self, limit: float) -> None:
        faulthandler.dump_traceback_later(max(PREPARATION, 10 * limit), exit=True, file=STDERR)
