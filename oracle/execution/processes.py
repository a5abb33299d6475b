"""Training in processes of this machine: they start in a few seconds, where Ray takes many."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

from oracle.execution.deaths import Died, Forgiving
from oracle.messages import answer_from_json, request_to_dict

if TYPE_CHECKING:
    from typing import IO

    from oracle.execution import TrialSource
    from oracle.messages import Answer, Request
    from oracle.spec import Spec
    from studies import Artifacts


class ProcessExecutor:
    """Trains in processes that live as long as the sweep.

    Args:
        workers: how many trials train at a time, >= 1.
        limit: seconds that a trial may take; None for no limit.
    """

    def __init__(self, workers: int, limit: float | None = None) -> None:
        self.workers, self.limit = workers, limit

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`; a process that dies is replaced."""
        source = Forgiving(source, self.limit)
        with ExitStack() as stack, selectors.DefaultSelector() as busy:
            idle: list[_Process] = []
            while not source.finished:
                while len(busy.get_map()) < self.workers and (request := source.next()) is not None:
                    process = (
                        idle.pop() if idle else stack.enter_context(closing(_Process(spec, artifacts, self.limit)))
                    )
                    process.ask(request)
                    source.begun(request)
                    busy.register(process.answers, selectors.EVENT_READ, (process, request))
                if not busy.get_map():
                    return
                for key, _ in busy.select():
                    process, request = key.data
                    busy.unregister(process.answers)
                    answer = process.answer()
                    if answer is not None:
                        idle.append(process)
                    source.record(request, answer or Died())


class _Process:
    """A process that trains: JSON goes in and comes out, a line each."""

    def __init__(self, spec: Spec, artifacts: Artifacts, limit: float | None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "oracle.execution.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # Ctrl-C is for the driver, which ends its workers
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: IO[str] = self._process.stdin
        self.answers: IO[str] = self._process.stdout
        self._write({"spec": spec.to_dict(), "artifacts": artifacts.url, "limit": limit})

    def ask(self, request: Request) -> None:
        """Hand over what to do."""
        self._write(request_to_dict(request))

    def answer(self) -> Answer | None:
        """Return the answer once there is one; None if the process has died."""
        line = self.answers.readline()
        return answer_from_json(line) if line else None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self.answers):
            with suppress(BrokenPipeError):
                pipe.close()

    def _write(self, values: object) -> None:
        with suppress(BrokenPipeError):  # it has died, as asking for the answer will tell
            self._requests.write(json.dumps(values) + "\n")
            self._requests.flush()
