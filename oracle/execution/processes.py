"""Training in processes of this machine, which start faster than Ray does."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Self

from oracle.execution.child_process import ChildProcess, heard_of
from oracle.execution.deaths import Forgiving, died
from oracle.execution.groups import Groups
from oracle.execution.messages import answers_from_json, requests_to_json
from oracle.execution.pickled import pickled
from oracle.execution.places import places
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        with ExitStack() as stack:
            idle: list[_Process] = []
            training = pickled(spec)
            busy: dict[_Process, list[Request]] = {}
            groups = Groups(source, spec, self.workers, source.alone)
            while not source.finished:
                while len(busy) < self.workers and (group := groups.next()):
                    process = (
                        idle.pop()
                        if idle
                        else stack.enter_context(closing(_Process(spec, artifacts, self.limit, training)))
                    )
                    process.ask(group)
                    source.begun(group, self.workers)
                    busy[process] = group
                if not busy:
                    return
                answers: list[tuple[Request, Answer]] = []
                for process in heard_of(busy):
                    group = busy.pop(process)
                    answered = process.answer()
                    if answered is None:
                        answered = died(group, process.end())
                    else:
                        idle.append(process)
                    answers += zip(group, answered, strict=True)
                source.record(answers)


class _Process(ChildProcess):
    """A process that trains. Requests go in and answers come out, as JSON."""

    def __init__(self, spec: Spec, artifacts: Artifacts, limit: float | None, training: str | None) -> None:
        super().__init__("oracle.execution.child")
        needed = {"spec": spec.to_dict(), "artifacts": artifacts.url, "limit": limit, "training": training}
        self.send(json.dumps(needed))

    def ask(self, requests: Sequence[Request]) -> None:
        """Send requests to the process."""
        self.send(requests_to_json(requests))

    def answer(self) -> list[Answer] | None:
        """Return the answers of a process that has been heard of; None if it has died."""
        text = self.receive()
        return answers_from_json(text) if text is not None else None
