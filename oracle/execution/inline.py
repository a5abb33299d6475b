"""Training in this process, one group of trials after another: for debugging, tests and a machine without Ray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from oracle.execution.groups import Groups
from oracle.execution.worker import Worker
from scyc import InputError

if TYPE_CHECKING:
    from oracle.execution import ExecutionOptions, TrialSource
    from oracle.spec.model import Spec
    from studies import Artifacts


class InlineExecutor:
    """Trains in this process."""

    here = True

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Self:  # noqa: ARG003
        """Return an executor that trains one trial at a time here.

        Raises:
            InputError: the options ask for several workers, a cluster, or a time limit.
        """
        if options.ray_address is not None or (options.workers or 1) > 1:
            raise InputError(
                "--executor inline trains one trial at a time here; leave out --workers and --ray-address."
            )
        if options.trial_timeout is not None:
            raise InputError(
                "--trial-timeout ends the process that a trial hangs in, which with --executor inline is this one; "
                "choose --executor processes or tune."
            )
        return cls()

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        worker, groups = Worker(spec, artifacts), Groups(source, spec, workers=1)
        while group := groups.next():
            source.record(list(zip(group, worker.attempt(group), strict=True)))
