"""Trials, their learning curves, and the checkpoints that they left."""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import delete, func, select, tuple_, update

from studies import lineage, locks, row_mapping, schema
from studies.catalogue import now
from studies.errors import StudyError
from studies.records import EpochRecord, TrialState
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from studies.records import CheckpointRecord, NewCheckpoint, NewTrial, TrialRecord

_trials = schema.trials.c
_KEYS_AT_ONCE = 500  # the number of a statement's parameters is limited


class Trials(StorePart):
    """Trials and checkpoints of the runs of one database. Every method is one transaction."""

    @persistent
    def add_trials(self, run_id: int, trials: Sequence[NewTrial]) -> list[TrialRecord]:
        """Record trials to be trained; those that are on record already stay unchanged.

        Within a run, a trial is identified by its level, seed, `max_lr`, parent and spec hash.

        Returns:
            One record for each of `trials`, in their order, without learning curves.

        Raises:
            ValueError: a `max_lr` is NaN or infinite.
            StudyError: there is no such run.
        """
        asked: dict[row_mapping.TrialKey, NewTrial] = {}
        for trial in trials:
            asked.setdefault(row_mapping.trial_key(trial), trial)
        with self._database.write() as connection:
            locks.run(connection, run_id)
            there = {}
            columns = row_mapping.trial_columns(list(asked.values()))
            same = {"run_id": run_id, "state": "pending", "created_at": now()}
            for row in self._database.dialect.insert_new(connection, schema.trials, columns, same):
                there[row.level, row.seed, row.max_lr, row.parent, row.spec_hash] = row_mapping.trial_record(row)
            there |= _by_key(connection, run_id, asked.keys() - there.keys())
        return [there[row_mapping.trial_key(trial)] for trial in trials]

    @persistent
    def adopt_trials(self, run_id: int, spec_hash: str) -> int:
        """Set the spec hash of those trials of a run that have none.

        Older versions recorded trials without it; until these are adopted, `add_trials` with a hash takes them for
        other trials. A trial that has a twin with that hash stays unchanged.

        Returns:
            How many there were.
        """
        twin = schema.trials.alias("twin")
        same = [twin.c[name] == _trials[name] for name in ("run_id", *row_mapping.KEY) if name != "spec_hash"]
        lacking = (_trials.run_id == run_id) & (_trials.spec_hash == "")
        has_twin = select(twin.c.id).where(*same, twin.c.spec_hash == spec_hash).exists()
        with self._database.write() as connection:
            locks.run(connection, run_id)
            return connection.execute(
                update(schema.trials).where(lacking, ~has_twin).values(spec_hash=spec_hash)
            ).rowcount

    @persistent
    def trials(
        self, run_id: int, level: int | None = None, max_lr: float | None = None, *, curves: bool = False
    ) -> list[TrialRecord]:
        """Return the trials of a run, or of one of its levels, ordered by level, round, `max_lr` and seed.

        Args:
            run_id: the run.
            level: only this level.
            max_lr: only this candidate.
            curves: load the learning curves too; without them `result.epochs` and `stopped.epochs` are empty.
        """
        wanted = _trials.run_id == run_id
        if level is not None:
            wanted &= _trials.level == level
        if max_lr is not None:
            wanted &= _trials.max_lr == max_lr
        order = (_trials.level, _trials.round, _trials.max_lr, _trials.seed, _trials.id)
        with self._database.read() as connection:
            epochs = _curves(connection, self._database.columns(connection, schema.epochs), wanted) if curves else {}
            columns = self._database.columns(connection, schema.trials)
            found = connection.execute(select(*columns).where(wanted).order_by(*order))
            return [row_mapping.trial_record(row, epochs.get(row.id, ())) for row in found]

    @persistent
    def counts(self, run_id: int) -> dict[str, int]:
        """Return how many trials of a run are in each state."""
        query = select(_trials.state, func.count()).where(_trials.run_id == run_id).group_by(_trials.state)
        with self._database.read() as connection:
            found = {state: number for state, number in connection.execute(query)}  # noqa: C416 - rows, not pairs
        return {state: found.get(state, 0) for state in get_args(TrialState)}

    @persistent
    def finished_since(self, run_id: int, since: datetime) -> int:
        """Return how many trials of a run were completed or stopped at or after `since`, by their driver's clock."""
        ended = _trials.state.in_(("complete", "stopped"))
        wanted = (_trials.run_id == run_id) & ended & (_trials.finished_at >= since)
        with self._database.read() as connection:
            return connection.execute(select(func.count()).where(wanted)).scalar_one()

    @persistent
    def epochs_trained(self, run_id: int) -> float:
        """Return what all complete and all stopped trials of a run took together, in epochs or the study's own unit.

        A trial that does not say what it took, took as much as its learning curve shows.
        """
        with self._database.read() as connection:
            # Under their names of today, also in a former version's database that is opened for reading.
            epochs, trials = (
                select(*self._database.columns(connection, table)).subquery()
                for table in (schema.epochs, schema.trials)
            )
            curves = (
                select(epochs.c.trial_id, (func.max(epochs.c.step) + 1).label("taken"))
                .group_by(epochs.c.trial_id)
                .subquery()
            )
            query = (
                select(func.sum(func.coalesce(trials.c.spent, curves.c.taken)))
                .select_from(trials.outerjoin(curves, curves.c.trial_id == trials.c.id))
                .where(trials.c.run_id == run_id)
            )
            taken = float(connection.execute(query).scalar() or 0)
        return int(taken) if taken.is_integer() else taken

    @persistent
    def checkpoints(self, run_id: int) -> list[CheckpointRecord]:
        """Return the checkpoints that a run keeps in its study's artifact store, in the order of their trials."""
        with self._database.read() as connection:
            return lineage.of_run(connection, run_id)

    @persistent
    def with_weights(self, run_id: int, level: int) -> set[int]:
        """Return which trials of a level have their trained weights in the artifact store."""
        kept = schema.checkpoints.c
        of_level = (_trials.run_id == run_id) & (_trials.level == level)
        query = select(kept.trial_id).join(schema.trials).where(of_level, kept.kind == "trained")
        with self._database.read() as connection:
            return set(connection.scalars(query))

    @persistent
    def keep_checkpoints(
        self, trial_id: int, checkpoints: Sequence[NewCheckpoint], *, reproducible: bool = True
    ) -> None:
        """Record again that the weights of a complete trial are in the artifact store.

        Args:
            trial_id: the trial's row.
            checkpoints: what it left when it was trained again.
            reproducible: whether these must be the weights on record; if not, they replace them.

        Raises:
            StudyError: there is no such trial, or these are not the weights on record.
        """
        query = select(_trials.checkpoint, _trials.rewind_point).where(_trials.id == trial_id)
        with self._database.write() as connection:
            known = set(connection.execute(query).first() or ())
            same = all(checkpoint.hash in known for checkpoint in checkpoints)
            if known and not same and not reproducible:
                column = {"trained": "checkpoint", "rewind": "rewind_point"}
                now = {column[checkpoint.kind]: checkpoint.hash for checkpoint in checkpoints}
                connection.execute(update(schema.trials).where(_trials.id == trial_id).values(now))
            elif not known or not same:
                raise StudyError(
                    f"Trial {trial_id} was trained again and its weights differ from those on record; on a CPU that "
                    f"means other code, another build of torch or another kind of processor: use those that trained it."
                )
            connection.execute(delete(schema.checkpoints).where(schema.checkpoints.c.trial_id == trial_id))
            kept = row_mapping.checkpoint_columns([(trial_id, checkpoints)])
            self._database.dialect.insert(connection, schema.checkpoints, kept)

    @persistent
    def forget_checkpoints(self, trial_ids: Sequence[int]) -> list[str]:
        """Take the weights of some trials off the list, of losers for instance; their results stay.

        Returns:
            The hashes that nothing else in the same artifact store needs: delete them there.
        """
        with self._database.write() as connection:
            trials = self._database.dialect.numbers(trial_ids)
            hashes = lineage.listed_only_by(connection, trials)
            connection.execute(delete(schema.checkpoints).where(schema.checkpoints.c.trial_id.in_(trials)))
            return hashes


def _by_key(
    connection: Connection, run_id: int, keys: Iterable[row_mapping.TrialKey]
) -> dict[row_mapping.TrialKey, TrialRecord]:
    columns, left, found = [_trials[name] for name in row_mapping.KEY], iter(keys), {}
    while some := list(islice(left, _KEYS_AT_ONCE)):
        query = select(schema.trials).where(_trials.run_id == run_id, tuple_(*columns).in_(some))
        for row in connection.execute(query):
            found[row.level, row.seed, row.max_lr, row.parent, row.spec_hash] = row_mapping.trial_record(row)
    return found


def _curves(
    connection: Connection, columns: Sequence[ColumnElement[Any]], wanted: ColumnElement[bool]
) -> dict[int, list[EpochRecord]]:
    """Return learning curves by trial, from the columns of the whole table: the trial, the step, and the rest."""
    query = select(*columns).join_from(schema.epochs, schema.trials).where(wanted).order_by(columns[0], columns[1])
    by_trial = groupby(connection.execute(query), key=lambda row: row.trial_id)
    return {trial_id: [EpochRecord(*row[1:]) for row in curve] for trial_id, curve in by_trial}
