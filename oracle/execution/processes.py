"""Training in processes of this machine, which start faster than Ray does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from multiprocessing.connection import Pipe, wait
from time import monotonic, sleep
from typing import TYPE_CHECKING, Self

from oracle.execution.deaths import Forgiving, died
from oracle.execution.groups import Groups
from oracle.execution.messages import answers_from_json, requests_to_json
from oracle.execution.places import places
from oracle.execution.search_path import python_path
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.execution import ExecutionOptions, TrialSource
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts


STDERR = 2
GLANCE = 1.0  # seconds between two looks at whether the processes are alive


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
        with ExitStack() as stack:
            idle: list[_Process] = []
            busy: dict[_Process, list[Request]] = {}
            groups = Groups(source, spec, self.workers, source.alone)
            while not source.finished:
                while len(busy) < self.workers and (group := groups.next()):
                    process = (
                        idle.pop() if idle else stack.enter_context(closing(_Process(spec, artifacts, self.limit)))
                    )
                    process.ask(group)
                    source.begun(group)
                    busy[process] = group
                if not busy:
                    return
                answers: list[tuple[Request, Answer]] = []
                for process in _heard_of(busy):
                    group = busy.pop(process)
                    answered = process.answer()
                    if answered is None:
                        answered = died(group, process.end())
                    else:
                        idle.append(process)
                    answers += zip(group, answered, strict=True)
                source.record(answers)


class _Process:
    """A process that trains, at the head of a process group. Requests go in and answers come out, as JSON.

    Attributes:
        channel: to the process.
    """

    def __init__(self, spec: Spec, artifacts: Artifacts, limit: float | None) -> None:
        self.channel, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "oracle.execution.child",
                ],  # -P: do not look for modules in the working folder first
                stdin=theirs.fileno(),
                stdout=STDERR,  # what a workload prints is no result of the driver's command
                process_group=0,  # Ctrl-C is for the driver, which ends its workers
                env=os.environ | {"PYTHONPATH": python_path(sys.path)},
            )
        self._send(json.dumps({"spec": spec.to_dict(), "artifacts": artifacts.url, "limit": limit}))

    @property
    def alive(self) -> bool:
        """Whether the process has not ended. Its number stays its own until it is closed."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def ask(self, requests: Sequence[Request]) -> None:
        """Send requests to the process."""
        self._send(requests_to_json(requests))

    def answer(self) -> list[Answer] | None:
        """Return the answers of a process that has been heard of; None if it has died."""
        try:
            return answers_from_json(self.channel.recv_bytes().decode()) if self.channel.poll() else None
        except (EOFError, OSError):
            return None

    def end(self) -> int:
        """Close a process that has died. Return its exit code; that of a signal is negative."""
        given_up = monotonic() + GLANCE
        while self.alive and monotonic() < given_up:  # its channel may end a little before it does
            sleep(0.01)
        self.close()
        return self._process.returncode

    def close(self) -> None:
        """End the process, whatever it is doing, and everything that it has started."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()  # in case it has left its group
            self._process.wait()
        self.channel.close()

    def _send(self, text: str) -> None:
        with suppress(OSError):  # the process has died; `answer` will tell
            self.channel.send_bytes(text.encode())


def _heard_of(processes: Iterable[_Process]) -> list[_Process]:
    """Wait until a process answers or dies. Return those that have, at least one.

    The end of its channel tells of a death at once; but a process that a library has forked may hold it open.
    """
    while True:
        answering = wait([process.channel for process in processes], timeout=GLANCE)
        found = [process for process in processes if process.channel in answering or not process.alive]
        if found:
            return found
