"""Trials page by page, one trial with its curve, and what candidates reached: for those who look at large studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import and_, case, func, or_, select

from studies import machines, row_mapping, schema
from studies.records import EpochRecord, TrialState
from studies.store_part import StorePart, persistent
from studies.study_records import CandidateRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
            of = {column.name: column for column in self._database.columns(connection, schema.trials)}
            lossless = and_(of["train_loss"].is_not(None), of["val_loss"].is_not(None))
            finite = and_(of["val"].is_not(None), or_(of["spent"].is_not(None), lossless))
            query = (
                select(
                    _trials.max_lr,
                    _trials.state,
                    func.count(),
                    func.coalesce(func.sum(case((finite, of["val"]))), 0.0),
                    _number(finite),
                    _number(or_(_trials.diverged.is_(True), ~finite)),
                )
                .where(_trials.run_id == run_id, _trials.level == level, _trials.seed.in_(seeds))
                .where(_trials.spec_hash.in_(("", spec_hash)), _trials.parent.in_(parents or [""]))
                .group_by(_trials.max_lr, _trials.state)
            )
            found: dict[float, dict[str, Any]] = {}
            for max_lr, state, *values in connection.execute(query):
                found.setdefault(float(max_lr), {})[state] = values
        return [_candidate(level, max_lr, found[max_lr]) for max_lr in sorted(found)]

    @persistent
    def left_by(self, run_id: int, level: int, max_lr: float, parents: Mapping[int, str]) -> dict[int, str]:
        """Return, by seed, the checkpoints that a candidate left which started from certain ones.

        Args:
            run_id: the run.
            level: of the candidate.
            max_lr: the candidate.
            parents: by seed, what its trials started from; empty at level 0.
        """
        wanted = (_trials.run_id == run_id) & (_trials.level == level) & (_trials.max_lr == max_lr)
        query = select(_trials.seed, _trials.parent, _trials.checkpoint).where(wanted)  # found by level, not by state
        with self._database.read() as connection:
            found = connection.execute(query).all()
            return {
                row.seed: row.checkpoint for row in found if row.checkpoint and row.parent == parents.get(row.seed, "")
            }

    @persistent
    def seconds_trained(self, run_id: int) -> float:
        """Return the time that all complete and all stopped trials of a run took together."""
        query = select(func.coalesce(func.sum(_trials.seconds), 0.0)).where(_trials.run_id == run_id)
        with self._database.read() as connection:
            return float(connection.execute(query).scalar_one())


def _candidate(level: int, max_lr: float, by_state: Mapping[str, tuple[int, float, int, int]]) -> CandidateRecord:
    """Return a candidate from what its trials in each state come to; only complete ones have reached anything."""
    trials = {state: by_state[state][0] if state in by_state else 0 for state in get_args(TrialState)}
    _, val, finite, diverged = by_state.get("complete", (0, 0.0, 0, 0))
    return CandidateRecord(level, max_lr, trials, float(val), finite, diverged)


def _number(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return how many rows of a group meet a condition."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
