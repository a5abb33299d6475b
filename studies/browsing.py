"""Trials page by page, one trial with its curve, and what candidates reached: for those who look at large studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import and_, case, func, or_, select

from studies import machines, row_mapping, schema
from studies.records import EpochRecord, TrialState
from studies.store_part import StorePart, persistent
from studies.study_records import CandidateRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Row

    from studies.records import TrialRecord

_runs, _trials, _machines = schema.runs.c, schema.trials.c, schema.machines.c


class Browsing(StorePart):
    """Trials of the studies of one database, as people look at them. Every method is one transaction."""

    @persistent
    def trial_page(
        self,
        study_id: int,
        *,
        after: int = 0,
        most: int = 100,
        level: int | None = None,
        state: TrialState | None = None,
        seed: int | None = None,
        run: str | None = None,
    ) -> list[tuple[TrialRecord, str]]:
        """Return some trials of a study, ordered by their numbers, with the names of their runs.

        Args:
            study_id: the study.
            after: only trials with higher numbers.
            most: how many at most, >= 1.
            level: only this level.
            state: only those in this state.
            seed: only those with this seed.
            run: only those of the run of this name.
        """
        wanted = [_runs.study_id == study_id, _trials.id > after]
        for column, value in ((_trials.level, level), (_trials.state, state), (_trials.seed, seed), (_runs.name, run)):
            if value is not None:
                wanted.append(column == value)
        with self._database.read() as connection:
            columns = self._database.columns(connection, schema.trials)
            query = (
                select(*columns, _runs.name.label("of_run"))
                .join_from(schema.trials, schema.runs)
                .where(*wanted)
                .order_by(_trials.id)
                .limit(most)
            )
            found: Iterable[Row[Any]] = connection.execute(query)
            return [(row_mapping.trial_record(row), row.of_run) for row in found]

    @persistent
    def find_trial(self, study_id: int, trial_id: int) -> tuple[TrialRecord, str, str | None] | None:
        """Return a trial of a study with its learning curve, the name of its run, and its machine in words.

        None if the study has no such trial.
        """
        with self._database.read() as connection:
            columns = self._database.columns(connection, schema.trials)
            query = select(*columns, _runs.name.label("of_run")).join_from(schema.trials, schema.runs)
            wanted = query.where(_trials.id == trial_id, _runs.study_id == study_id)
            row: Any = connection.execute(wanted).first()
            if row is None:
                return None
            epochs = self._database.columns(connection, schema.epochs)
            curve = select(*epochs).where(schema.epochs.c.trial_id == trial_id).order_by(schema.epochs.c.step)
            points = [EpochRecord(*point[1:]) for point in connection.execute(curve)]
            trained_on = (
                select(_machines.processor, _machines.gpu)
                .join(schema.trial_machines, schema.trial_machines.c.machine == _machines.hash)
                .where(schema.trial_machines.c.trial_id == trial_id)
            )
            machine = connection.execute(trained_on).first() if machines.are_recorded(connection) else None
            return row_mapping.trial_record(row, points), row.of_run, machine and (machine.gpu or machine.processor)

    @persistent
    def candidates(
        self, run_id: int, level: int, seeds: Sequence[int], spec_hash: str, parents: Sequence[str]
    ) -> list[CandidateRecord]:
        """Return what is on record of the candidates of a level, ordered by `max_lr`.

        Args:
            run_id: the run.
            level: the level.
            seeds: only trials with these.
            spec_hash: only trials with this one, or with none.
            parents: only trials that start from these checkpoints; none at level 0.
        """
        with self._database.read() as connection:
            # Under their names of today, also in a former version's database that is opened for reading.
            trials = select(*self._database.columns(connection, schema.trials)).subquery().c
            finite = and_(
                trials.state == "complete",
                trials.val.is_not(None),
                or_(trials.spent.is_not(None), and_(trials.train_loss.is_not(None), trials.val_loss.is_not(None))),
            )
            diverged = and_(trials.state == "complete", or_(trials.diverged.is_(True), ~finite))
            query = (
                select(
                    trials.max_lr,
                    *(_number(trials.state == state).label(state) for state in get_args(TrialState)),
                    func.coalesce(func.sum(case((finite, trials.val))), 0.0).label("val"),
                    _number(finite).label("finite"),
                    _number(diverged).label("diverged"),
                )
                .where(trials.run_id == run_id, trials.level == level, trials.seed.in_(seeds))
                .where(trials.spec_hash.in_(("", spec_hash)), trials.parent.in_(parents or [""]))
                .group_by(trials.max_lr)
                .order_by(trials.max_lr)
            )
            return [
                CandidateRecord(
                    level,
                    float(row.max_lr),
                    {state: getattr(row, state) for state in get_args(TrialState)},
                    float(row.val),
                    row.finite,
                    row.diverged,
                )
                for row in connection.execute(query)
            ]

    @persistent
    def seconds_trained(self, run_id: int) -> float:
        """Return the time that all complete and all stopped trials of a run took together."""
        query = select(func.coalesce(func.sum(_trials.seconds), 0.0)).where(_trials.run_id == run_id)
        with self._database.read() as connection:
            return float(connection.execute(query).scalar_one())


def _number(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return how many rows of a group meet a condition."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
