"""Training in this process, one trial after another: for debugging, tests and a machine without Ray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.worker import Worker

if TYPE_CHECKING:
    from oracle.execution import TrialSource
    from oracle.spec import Spec
    from studies import Artifacts


class InlineExecutor:
    """Trains in this process."""

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        worker = Worker(spec, artifacts)
        while requests := source.next():
            source.record([(request, worker.attempt(request)) for request in requests])
