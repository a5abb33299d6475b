"""Training in this process, one group of trials after another: for debugging, tests and a machine without Ray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.execution.groups import Groups
from oracle.execution.worker import Worker

if TYPE_CHECKING:
    from oracle.execution import TrialSource
    from oracle.spec.model import Spec
    from studies import Artifacts


class InlineExecutor:
    """Trains in this process."""

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        worker, groups = Worker(spec, artifacts), Groups(source, spec, workers=1)
        while group := groups.next():
            source.record(list(zip(group, worker.attempt(group), strict=True)))
