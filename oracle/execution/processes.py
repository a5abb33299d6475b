"""Training in processes of this machine, each of which trains one trial after another."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from contextlib import ExitStack, closing
from typing import IO, TYPE_CHECKING

from oracle.messages import Failure, answer_from_json, request_to_dict

if TYPE_CHECKING:
    from oracle.execution import TrialSource
    from oracle.messages import Request
    from oracle.spec import Spec
    from studies import Artifacts


class ProcessExecutor:
    """Trains in processes that live as long as the sweep.

    Args:
        workers: how many trials train at a time, >= 1.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        with ExitStack() as stack, selectors.DefaultSelector() as selector:
            idle: list[_Process] = []
            started = 0
            while not source.finished:
                while (idle or started < self.workers) and (request := source.next()) is not None:
                    if not idle:
                        idle.append(stack.enter_context(closing(_Process(spec, artifacts))))
                        started += 1
                    process = idle.pop()
                    process.ask(request)
                    selector.register(process.answers, selectors.EVENT_READ, (process, request))
                if not selector.get_map():
                    return
                for key, _ in selector.select():
                    process, request = key.data
                    selector.unregister(process.answers)
                    text = process.answers.readline()
                    if text:
                        idle.append(process)
                        source.record(request, answer_from_json(text))
                    else:
                        started -= 1
                        process.close()
                        source.record(request, Failure("The worker process died before it could report."))


class _Process:
    """A process that trains: JSON goes in and comes out, one line each."""

    def __init__(self, spec: Spec, artifacts: Artifacts) -> None:
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
        self._write({"spec": spec.to_dict(), "artifacts": artifacts.url})

    def ask(self, request: Request) -> None:
        """Hand over what to do."""
        self._write(request_to_dict(request))

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def _write(self, values: object) -> None:
        try:
            self._requests.write(json.dumps(values) + "\n")
            self._requests.flush()
        except BrokenPipeError:
            pass  # it has died, which reading its answer will tell
