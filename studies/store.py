"""What has happened, and the only way to say that something did.

What is recorded is never overwritten: recording it again changes nothing.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Self, get_args

from sqlalchemy import delete, func, insert, select, update

from studies import lineage, rows, schema
from studies.catalogue import Catalogue, now
from studies.database import Database
from studies.errors import StudyError
from studies.records import EpochRecord, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from sqlalchemy import ColumnElement, Connection

    from studies.records import CheckpointRecord, NewCheckpoint, NewTrial, TrialRecord, TrialResult

_trials, _epochs = schema.trials.c, schema.epochs.c


class Store(Catalogue):
    """Everything that one database remembers: studies, runs and levels, and below them trials and checkpoints.

    Every method is one transaction, and raises a StudyError where the database cannot be used or refuses a value that
    makes no sense (an accuracy above 1, a run that does not exist); nothing is written then.
    """

    @classmethod
    def open(cls, url: str, create: bool = True) -> Self:
        """Open a database; close it with `close`, or by leaving a `with` block.

        Args:
            url: an SQLAlchemy URL, e.g. "sqlite:///scyc.db"; "sqlite://" lives in memory.
            create: make the database, or its tables, where they are not there yet.

        Raises:
            StudyError: it cannot be opened, or was made by an older or a newer version.
        """
        return cls(Database.open(url, create=create))

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self._database.name})"

    def revision(self) -> str:
        """Return the revision of the database's schema."""
        return self._database.revision() or ""

    def add_trials(self, run_id: int, trials: Sequence[NewTrial]) -> list[TrialRecord]:
        """Record trainings to be done; those that are there already stay as they are.

        Within a run, a trial is known by its level, seed, `max_lr` and parent.

        Returns:
            One record for each of `trials`, in their order, without learning curves.

        Raises:
            ValueError: a `max_lr` is NaN or infinite.
        """
        asked: dict[rows.TrialKey, NewTrial] = {}
        for trial in trials:
            asked.setdefault(rows.trial_key(trial), trial)
        levels = sorted({level for level, *_ in asked})
        with self._database.write() as connection:
            there = _by_key(connection, run_id, levels)
            created_at = now()
            new = [
                {
                    "run_id": run_id,
                    **dict(zip(("level", "seed", "max_lr", "parent"), key, strict=True)),
                    "round": int(trial.round),
                    "state": "pending",
                    "created_at": created_at,
                }
                for key, trial in asked.items()
                if key not in there
            ]
            if new:
                connection.execute(insert(schema.trials), new)
                there = _by_key(connection, run_id, levels)
        return [there[rows.trial_key(trial)] for trial in trials]

    def finish_trial(
        self,
        trial_id: int,
        result: TrialResult,
        checkpoints: Sequence[NewCheckpoint | CheckpointRecord] = (),
    ) -> bool:
        """Record what a trial came to: result, learning curve and checkpoints, or nothing at all.

        A result that arrives after all for a failed trial is taken.

        Returns:
            False if the trial was complete already; it is left as it was then.

        Raises:
            StudyError: there is no such trial.
            ValueError: a number is NaN or infinite.
        """
        values = {"state": "complete", "error": None, "finished_at": now(), **rows.result_values(result)}
        curve = rows.epoch_values(trial_id, result.epochs)
        kept = rows.checkpoint_values(trial_id, checkpoints)
        with self._database.write() as connection:
            if not self._update(connection, trial_id, _trials.state != "complete", values):
                return False
            if curve:
                connection.execute(insert(schema.epochs), curve)
            if kept:
                connection.execute(insert(schema.checkpoints), kept)
            return True

    def fail_trial(self, trial_id: int, error: str) -> bool:
        """Record that a pending trial could not be trained, and why.

        Returns:
            False if the trial was complete or failed already; it is left as it was then.

        Raises:
            StudyError: there is no such trial.
        """
        values = {"state": "failed", "error": error, "finished_at": now()}
        with self._database.write() as connection:
            return self._update(connection, trial_id, _trials.state == "pending", values)

    def requeue_failed(self, run_id: int) -> int:
        """Make the failed trials of a run pending again, and return how many there were."""
        failed = update(schema.trials).where(_trials.run_id == run_id, _trials.state == "failed")
        with self._database.write() as connection:
            return connection.execute(failed.values(state="pending", error=None, finished_at=None)).rowcount

    def trials(self, run_id: int, level: int | None = None, curves: bool = False) -> list[TrialRecord]:
        """Return the trials of a run, or of one of its levels, ordered by level, round, `max_lr` and seed.

        Args:
            run_id: the run.
            level: only this level.
            curves: load the learning curves too; without them `result.epochs` is empty.
        """
        wanted = _trials.run_id == run_id
        if level is not None:
            wanted &= _trials.level == level
        order = (_trials.level, _trials.round, _trials.max_lr, _trials.seed, _trials.id)
        with self._database.read() as connection:
            epochs = _curves(connection, wanted) if curves else {}
            found = connection.execute(select(schema.trials).where(wanted).order_by(*order))
            return [rows.trial_record(row, epochs.get(row.id, ())) for row in found]

    def counts(self, run_id: int) -> dict[str, int]:
        """Return how many trials of a run are in each state."""
        query = select(_trials.state, func.count()).where(_trials.run_id == run_id).group_by(_trials.state)
        with self._database.read() as connection:
            found = {state: number for state, number in connection.execute(query)}  # noqa: C416 - rows, not pairs
        return {state: found.get(state, 0) for state in get_args(TrialState)}

    def checkpoints(self, run_id: int) -> list[CheckpointRecord]:
        """Return the checkpoints that a run keeps in its study's artifact store, in the order of their trials."""
        with self._database.read() as connection:
            return lineage.of_run(connection, run_id)

    def forget_checkpoints(self, trial_ids: Sequence[int]) -> list[str]:
        """Let go of the weights of some trials, losers of a decided level for instance; their results stay.

        Returns:
            The hashes that nothing else in the same artifact store needs: delete them there.
        """
        with self._database.write() as connection:
            hashes = lineage.listed_only_by(connection, trial_ids)
            connection.execute(delete(schema.checkpoints).where(schema.checkpoints.c.trial_id.in_(trial_ids)))
            return hashes

    def _update(
        self, connection: Connection, trial_id: int, still: ColumnElement[bool], values: Mapping[str, Any]
    ) -> bool:
        """Change a trial that is `still` in the expected state, and return whether it was."""
        if connection.execute(update(schema.trials).where(_trials.id == trial_id, still).values(values)).rowcount:
            return True
        if connection.execute(select(_trials.id).where(_trials.id == trial_id)).first() is None:
            raise StudyError(f"There is no trial {trial_id} in {self._database.name}; add it first.")
        return False


def _by_key(connection: Connection, run_id: int, levels: Sequence[int]) -> dict[rows.TrialKey, TrialRecord]:
    query = select(schema.trials).where(_trials.run_id == run_id, _trials.level.in_(levels))
    return {(row.level, row.seed, row.max_lr, row.parent): rows.trial_record(row) for row in connection.execute(query)}


def _curves(connection: Connection, wanted: ColumnElement[bool]) -> dict[int, list[EpochRecord]]:
    query = select(schema.epochs).join(schema.trials).where(wanted).order_by(_epochs.trial_id, _epochs.epoch)
    by_trial = groupby(connection.execute(query), key=lambda row: row.trial_id)
    return {trial_id: [EpochRecord(*row[1:]) for row in curve] for trial_id, curve in by_trial}
