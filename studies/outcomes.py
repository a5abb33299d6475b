"""How trials end: results, trainings that were stopped, failures, and retries.

What is recorded is never overwritten: recording it again changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select, update

from studies import row_mapping, schema
from studies.catalogue import now
from studies.errors import StudyError
from studies.records import FinishedTrial, StoppedTrial
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from studies.records import EpochRecord, TrialState

_Ended = TypeVar("_Ended", FinishedTrial, StoppedTrial)
_trials = schema.trials.c


class Outcomes(StorePart):
    """Outcomes of the trials of one database. Every method is one transaction."""

    @persistent
    def finish_trials(self, finished: Sequence[FinishedTrial]) -> list[int]:
        """Record results of trials with all that belongs to them, in one transaction: everything, or nothing.

        A result that arrives late for a failed trial is accepted; of several for one trial, the first counts.

        Returns:
            The ids of trials that were complete or stopped already, in the order given; these are left unchanged.

        Raises:
            StudyError: there is no such trial.
            ValueError: a number is NaN or infinite.
        """
        if not finished:
            return []
        with self._database.write() as connection:
            taken, late = self._taken(connection, finished)
            curves = [(trial.id, trial.result.epochs) for trial in taken]
            self._end(connection, "complete", taken, row_mapping.result_columns(taken), curves)
            dialect = self._database.dialect
            dialect.insert(connection, schema.gradients, row_mapping.gradient_columns(taken))
            dialect.insert(connection, schema.answers, row_mapping.answers_columns(taken))
            kept = row_mapping.checkpoint_columns([(trial.id, trial.checkpoints) for trial in taken])
            dialect.insert(connection, schema.checkpoints, kept)
        return late

    @persistent
    def stop_trials(self, stopped: Sequence[StoppedTrial]) -> list[int]:
        """Record that trials were stopped by their rules, in one transaction: everything, or nothing.

        As with results, one that arrives late for a failed trial is accepted, and the first outcome of a trial counts.

        Returns:
            The ids of trials that were complete or stopped already, in the order given; these are left unchanged.

        Raises:
            StudyError: there is no such trial, or it has no rule.
            ValueError: a number is NaN or infinite.
        """
        if not stopped:
            return []
        with self._database.write() as connection:
            taken, late = self._taken(connection, stopped)
            curves = [(trial.id, trial.training.epochs) for trial in taken]
            self._end(connection, "stopped", taken, row_mapping.stopped_columns(taken), curves)
        return late

    @persistent
    def fail_trial(self, trial_id: int, error: str) -> bool:
        """Record that a pending trial could not be trained, and why.

        Returns:
            False if the trial was complete, stopped or failed already; it is then left unchanged.

        Raises:
            StudyError: there is no such trial.
        """
        values = {"state": "failed", "finished_at": now(), **_one_more_attempt(error)}
        with self._database.write() as connection:
            return self._update(connection, trial_id, _trials.state == "pending", values)

    @persistent
    def retry_trial(self, trial_id: int, error: str) -> int:
        """Record that an attempt at a pending trial failed, and why; the trial stays pending.

        Returns:
            How many attempts have failed so far; nothing is counted if the trial has ended already.

        Raises:
            StudyError: there is no such trial.
        """
        with self._database.write() as connection:
            self._update(connection, trial_id, _trials.state == "pending", _one_more_attempt(error))
            attempts: int = connection.execute(select(_trials.attempts).where(_trials.id == trial_id)).scalar_one()
            return attempts

    @persistent
    def requeue_failed(self, run_id: int) -> int:
        """Make the failed trials of a run pending again, with no attempts counted.

        Returns:
            How many there were.
        """
        failed = update(schema.trials).where(_trials.run_id == run_id, _trials.state == "failed")
        again = {"state": "pending", "error": None, "finished_at": None, "attempts": 0}
        with self._database.write() as connection:
            return connection.execute(failed.values(again)).rowcount

    def _taken(self, connection: Connection, ended: Sequence[_Ended]) -> tuple[list[_Ended], list[int]]:
        """Return what is to be recorded, and the ids of the trials that have an outcome already."""
        taken, late = [], []
        open_ = self._open(connection, {trial.id for trial in ended})
        for trial in ended:
            if trial.id in open_:
                open_.remove(trial.id)
                taken.append(trial)
            else:
                late.append(trial.id)
        return taken, late

    def _end(
        self,
        connection: Connection,
        state: TrialState,
        taken: Sequence[FinishedTrial | StoppedTrial],
        columns: row_mapping.Columns,
        curves: Sequence[tuple[int, Sequence[EpochRecord]]],
    ) -> None:
        """Record how trials ended, with their learning curves and machines."""
        dialect = self._database.dialect
        dialect.update(connection, schema.trials, columns, {"state": state, "error": None, "finished_at": now()})
        dialect.insert(connection, schema.epochs, row_mapping.epoch_columns(curves))
        dialect.insert_new(connection, schema.machines, row_mapping.machine_columns(taken), {})
        dialect.insert(connection, schema.trial_machines, row_mapping.trial_machine_columns(taken))

    def _open(self, connection: Connection, ids: set[int]) -> set[int]:
        """Lock the rows of some trials, in the order of their ids, and return those without an outcome.

        One that failed has none: it may still come.
        """
        wanted = _trials.id.in_(self._database.dialect.numbers(sorted(ids)))
        query = select(_trials.id, _trials.state).where(wanted).order_by(_trials.id).with_for_update(key_share=True)
        states = {row.id: row.state for row in connection.execute(query)}
        for trial_id in ids - states.keys():
            raise self._unknown(trial_id)
        return {trial_id for trial_id, state in states.items() if state not in ("complete", "stopped")}

    def _update(
        self, connection: Connection, trial_id: int, still: ColumnElement[bool], values: Mapping[str, Any]
    ) -> bool:
        """Change a trial that is `still` in the expected state, and return whether it was."""
        if connection.execute(update(schema.trials).where(_trials.id == trial_id, still).values(values)).rowcount:
            return True
        if connection.execute(select(_trials.id).where(_trials.id == trial_id)).first() is None:
            raise self._unknown(trial_id)
        return False

    def _unknown(self, trial_id: int) -> StudyError:
        return StudyError(f"There is no trial {trial_id} in {self._database.name}; add it first.")


def _one_more_attempt(error: str) -> dict[str, Any]:
    return {"error": row_mapping.plain_text(error), "attempts": _trials.attempts + 1}
