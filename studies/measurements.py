"""Measurements besides the results of trials: gradients, answers, and what runs measure when a level begins."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import JSON, insert, inspect, select

from studies import locks, row_mapping, schema
from studies.records import AnswersRecord, GradientRecord, MeasurementRecord
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import Row

    from studies.records import SplitName

_gradients, _answers, _measurements = schema.gradients.c, schema.answers.c, schema.measurements.c
_distribution = row_mapping.columns_for(GradientRecord, schema.gradients)
_lists = [place for place, column in enumerate(_distribution) if isinstance(column.type, JSON)]
_answered = row_mapping.columns_for(AnswersRecord, schema.answers)
_measured = row_mapping.columns_for(MeasurementRecord, schema.measurements)


class Measurements(StorePart):
    """Measurements of the runs of one database. Every method is one transaction."""

    @persistent
    def gradients(self, run_id: int, trials: Sequence[int] | None = None) -> dict[int, tuple[GradientRecord, ...]]:
        """Return the recorded distributions of a run's weight gradients, by trial.

        Args:
            run_id: the run.
            trials: only those of these trials.
        """
        wanted = schema.trials.c.run_id == run_id
        if trials is not None:
            wanted &= _gradients.trial_id.in_(trials)
        query = select(_gradients.trial_id, *_distribution).join(schema.trials).where(wanted)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(_gradients.trial_id, _gradients.point))
            by_trial = groupby(found, key=lambda row: row.trial_id)
            return {trial_id: tuple(_gradient(*row[1:]) for row in rows) for trial_id, rows in by_trial}

    @persistent
    def answers(self, run_id: int, split: SplitName, trials: Sequence[int] | None = None) -> dict[int, AnswersRecord]:
        """Return which examples of a split the networks of a run classify correctly, by trial.

        Trials whose answers were not recorded are left out.

        Args:
            run_id: the run.
            split: on which they were tried.
            trials: only those of these trials.
        """
        wanted = (schema.trials.c.run_id == run_id) & (_answers.split == split)
        if trials is not None:
            wanted &= _answers.trial_id.in_(self._database.dialect.numbers(trials))
        query = select(_answers.trial_id, *_answered).join(schema.trials).where(wanted).order_by(_answers.trial_id)
        with self._database.read() as connection:
            if not inspect(connection).has_table(schema.answers.name):  # a former version's, opened for reading
                return {}
            return {row.trial_id: AnswersRecord(*row[1:]) for row in connection.execute(query)}

    @persistent
    def add_measurement(self, run_id: int, measurement: MeasurementRecord) -> MeasurementRecord:
        """Record what a run measured when a level began; an earlier record is kept.

        Returns:
            What is on record.

        Raises:
            StudyError: there is no such run.
            ValueError: a number is NaN or infinite.
        """
        values = row_mapping.values_of(MeasurementRecord, measurement)
        values |= {"run_id": run_id, "parent": measurement.parent or ""}
        query = select(*_measured).where(*(column == values[column.name] for column in schema.measurements.primary_key))
        with self._database.write() as connection:
            locks.run(connection, run_id)
            row = connection.execute(query).first()
            if row is None:
                connection.execute(insert(schema.measurements), values)
                row = connection.execute(query).one()
            return _measurement(row)

    @persistent
    def measurements(self, run_id: int) -> list[MeasurementRecord]:
        """Return what a run measured, by level and seed."""
        order = (_measurements.level, _measurements.seed, _measurements.parent)
        with self._database.read() as connection:
            found = connection.execute(select(*_measured).where(_measurements.run_id == run_id).order_by(*order))
            return [_measurement(row) for row in found]


def _gradient(*values: Any) -> GradientRecord:
    fields = list(values)
    for place in _lists:
        fields[place] = tuple(fields[place])
    return GradientRecord(*fields)


def _measurement(row: Row[Any]) -> MeasurementRecord:
    return MeasurementRecord(**{**row._mapping, "parent": row.parent or None})
