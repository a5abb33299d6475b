"""What a worker process runs, whoever started it: requests one after another, each within its time limit."""

from __future__ import annotations

import faulthandler
import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oracle.execution.messages import Failure
from oracle.execution.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts

STDERR = 2
GPU_LOST = 70  # exit code


class Trainer:
    """A worker that is created on the first request. If creating it fails, the answers say why.

    Args:
        spec: spec of the study.
        artifacts: where parents come from and checkpoints go to.
        limit: seconds that a request may take, without reading the data; n requests together have n times that. None
            for no limit.
    """

    def __init__(self, spec: Spec, artifacts: Artifacts, limit: float | None = None) -> None:
        self.spec, self.artifacts, self.limit = spec, artifacts, limit
        self._worker: Worker | None = None

    def attempt(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests. An exception becomes a failure; if a request hangs, this process ends.

        The process also ends if it has lost its GPU. Otherwise it would fail one trial after another, faster than other
        workers can train them.
        """
        try:
            self._worker = worker = self._worker or Worker(self.spec, self.artifacts)
        except Exception:
            return [Failure(traceback.format_exc())] * len(requests)
        with time_limit(self.limit and self.limit * len(requests)):
            answers = worker.attempt(requests)
            if any(isinstance(answer, Failure) for answer in answers) and not worker.usable():
                os._exit(GPU_LOST)
            return answers


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """End this process, with the stacks of its threads on standard error, if the block takes longer.

    The clock is a thread of C code. It runs even while a library holds the interpreter's lock for ever.
    """
    if seconds is None:
        yield
        return
    faulthandler.dump_traceback_later(seconds, exit=True, file=STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
