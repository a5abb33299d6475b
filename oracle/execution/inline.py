"""Training in this process, one group of trials after another, for debugging and tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from oracle.execution.groups import Groups
from oracle.execution.messages import begun_at
from oracle.execution.worker import make_worker
from scyc import InputError
from studies import StartRecord

if TYPE_CHECKING:
    from oracle.execution import ExecutionOptions, TrialSource
    from oracle.spec.model import Spec
    from studies import Artifacts


class InlineExecutor:
    """Trains in this process."""

    here = True

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Self:  # noqa: ARG003
        """Return an executor that trains one trial at a time in this process.

        Raises:
            InputError: the options ask for several workers, a cluster, or a time limit.
        """
        if options.ray_address is not None or (options.workers or 1) > 1:
            raise InputError(
                "The executor `inline` trains one trial at a time, in this process; leave out the number of workers "
                "and the Ray address, or choose another executor."
            )
        if options.trial_timeout is not None:
            raise InputError(
                "A time limit ends the process that trains the trial, which is this one with the executor `inline`; "
                "leave the limit out, or choose `processes` or `tune`."
            )
        return cls()

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        worker, groups = make_worker(spec, artifacts), Groups(source, spec, workers=1)
        while group := groups.next():
            if source.gate is not None:
                source.gate.arrived(group)
            start = StartRecord(datetime.now(UTC), 1)
            source.record(
                [(one, begun_at(answer, start)) for one, answer in zip(group, worker.attempt(group), strict=True)]
            )
