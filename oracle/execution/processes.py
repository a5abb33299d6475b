"""Training in processes of this machine, which start faster than Ray does."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Self

from oracle.execution.deaths import Forgiving, died
from oracle.execution.groups import Groups
from oracle.execution.messages import answers_from_json, requests_to_json
from oracle.execution.places import places
from oracle.execution.search_path import python_path
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from oracle.execution import ExecutionOptions, TrialSource
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts


class ProcessExecutor:
    """Trains in processes that live as long as the sweep.

    Args:
        workers: how many trials to train at a time, >= 1.
        limit: seconds that a trial may take; None for no limit.
    """

    here = True

    def __init__(self, workers: int, limit: float | None = None) -> None:
        self.workers, self.limit = workers, limit

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Self:
        """Return an executor with as many processes as the options say, or as fit on this machine.

        Raises:
            InputError: the options ask for a cluster, or the study for GPUs.
        """
        if options.ray_address is not None:
            raise InputError(
                "The executor `processes` trains only on this machine; leave out the Ray address, or choose the "
                "executor `tune`."
            )
        if spec.resources.gpus_per_trial > 0:
            raise InputError(
                "The executor `processes` trains only on the CPU, but the study's trials need a GPU "
                f"(resources.gpus_per_trial is {spec.resources.gpus_per_trial:g}); choose the executor `tune`."
            )
        return cls(options.workers or places(spec), options.trial_timeout)

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`; a process that dies is replaced."""
        source = Forgiving(source, self.limit)
        with ExitStack() as stack, selectors.DefaultSelector() as busy:
            idle: list[_Process] = []
            groups = Groups(source, spec, self.workers, source.alone)
            while not source.finished:
                while len(busy.get_map()) < self.workers and (group := groups.next()):
                    process = (
                        idle.pop() if idle else stack.enter_context(closing(_Process(spec, artifacts, self.limit)))
                    )
                    process.ask(group)
                    source.begun(group)
                    busy.register(process.answers, selectors.EVENT_READ, (process, group))
                if not busy.get_map():
                    return
                answers: list[tuple[Request, Answer]] = []
                for key, _ in busy.select():
                    process, group = key.data
                    busy.unregister(process.answers)
                    answered = process.answer()
                    if answered is not None:
                        idle.append(process)
                    answers += zip(group, answered or died(group), strict=True)
                source.record(answers)


class _Process:
    """A process that trains. Requests go in and answers come out, one line of JSON each."""

    def __init__(self, spec: Spec, artifacts: Artifacts, limit: float | None) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "oracle.execution.child",
            ],  # -P: do not look for modules in the working folder first
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # Ctrl-C is for the driver, which ends its workers
            env=os.environ | {"PYTHONPATH": python_path(sys.path)},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: IO[str] = self._process.stdin
        self.answers: IO[str] = self._process.stdout
        self._write(json.dumps({"spec": spec.to_dict(), "artifacts": artifacts.url, "limit": limit}))

    def ask(self, requests: Sequence[Request]) -> None:
        """Send requests to the process."""
        self._write(requests_to_json(requests))

    def answer(self) -> list[Answer] | None:
        """Wait for the answers and return them; None if the process has died."""
        line = self.answers.readline()
        return answers_from_json(line) if line else None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self.answers):
            with suppress(BrokenPipeError):
                pipe.close()

    def _write(self, line: str) -> None:
        with suppress(BrokenPipeError):  # the process has died; `answer` will tell
            self._requests.write(line + "\n")
            self._requests.flush()
