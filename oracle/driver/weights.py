"""The weights of an oracle run: those that no trial will start from are deleted, and trained again if one must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.execution.messages import Failure
from studies import StudyError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from oracle.driver.attempts import Attempts
    from oracle.execution.messages import Outcome, TrialRequest
    from oracle.spec.model import Spec
    from studies import Artifacts, Store, TrialRecord


class Weights:
    """Deletes and restores the weights of one run.

    Args:
        store: the database.
        run_id: the run.
        spec: spec of the study; it may keep all weights.
        artifacts: where the weights are.
        attempts: counts how often restoring was tried.

    Attributes:
        restoring: the trials that are trained again for their weights, and on what machine they were before.
    """

    def __init__(self, store: Store, run_id: int, spec: Spec, artifacts: Artifacts, attempts: Attempts) -> None:
        self.store, self.run_id, self.spec, self.artifacts = store, run_id, spec, artifacts
        self._attempts = attempts
        self.restoring: dict[int, str | None] = {}

    def delete_losers(self, level: int, winning: Sequence[TrialRecord]) -> None:
        """Delete the weights of a decided level that no trial will start from."""
        self.delete(self.store.with_weights(self.run_id, level) - {trial.id for trial in winning})

    def delete(self, trials: Collection[int]) -> None:
        """Delete the weights of trials that no other will start from, unless the spec keeps all."""
        if self.spec.keep == "all":
            return
        for key in self.store.forget_checkpoints(sorted(trials)):
            self.artifacts.delete(key)

    def lacking(self, level: int, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Return those trials of a level whose weights are not there any more."""
        there = self.store.with_weights(self.run_id, level)
        return [trial for trial in trials if trial.id not in there]

    def begin_to_restore(self, trials: Sequence[TrialRecord]) -> None:
        """Expect trials to be trained again for their weights."""
        machines = self.store.trial_machines(self.run_id)
        self.restoring = {trial.id: machines.get(trial.id) for trial in trials}

    def restore(self, request: TrialRequest, outcome: Outcome | Failure) -> bool:
        """Take the weights of a trial that was trained again; return whether it must be tried once more.

        Raises:
            StudyError: they could not be restored.
        """
        if isinstance(outcome, Failure) and self._attempts.again(("weights", request.id)):
            return True
        if isinstance(outcome, Failure):
            raise StudyError(
                f"The weights of trial {request.id} are needed again, but training it again failed ({outcome.reason}); "
                "fix the cause, then resume the study."
            )
        machine = self.restoring.pop(request.id)
        elsewhere = machine is not None and outcome.machine is not None and outcome.machine.hash != machine
        # A GPU may round differently each time, and who knows what a training of the user's own writes.
        exact = self.spec.resources.gpus_per_trial == 0 and not self.spec.own_training
        self.store.keep_checkpoints(request.id, outcome.saved, reproducible=exact and not elsewhere)
        return False
