"""What was measured besides the results of trials: their gradients, and what runs look at when a level begins."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from studies import locks, row_mapping, schema
from studies.records import GradientRecord, MeasurementRecord
from studies.retrying import persistent
from studies.store_part import StorePart

if TYPE_CHECKING:
    from collections.abc import Sequence

_gradients, _measurements = schema.gradients.c, schema.measurements.c


class Measurements(StorePart):
    """Measurements of the runs of one database. Every method is one transaction."""

    @persistent
    def gradients(self, run_id: int, trials: Sequence[int] | None = None) -> dict[int, tuple[GradientRecord, ...]]:
        """Return by trial the distributions of weight gradients that a run recorded.

        Args:
            run_id: the run.
            trials: only those of these trials.
        """
        wanted = schema.trials.c.run_id == run_id
        if trials is not None:
            wanted &= _gradients.trial_id.in_(trials)
        order = (_gradients.trial_id, _gradients.point)
        with self._database.read() as connection:
            found = connection.execute(select(schema.gradients).join(schema.trials).where(wanted).order_by(*order))
            by_trial = groupby(found, key=lambda row: row.trial_id)
            return {trial_id: tuple(_gradient(*row[1:]) for row in rows_) for trial_id, rows_ in by_trial}

    @persistent
    def add_measurement(self, run_id: int, measurement: MeasurementRecord) -> MeasurementRecord:
        """Record what a run measured when a level began; what was recorded first stands.

        Returns:
            What is on record.

        Raises:
            StudyError: there is no such run.
            ValueError: a number is NaN or infinite.
        """
        key = {
            "run_id": run_id,
            "level": int(measurement.level),
            "seed": int(measurement.seed),
            "parent": measurement.parent or "",
        }
        values = {
            "value": row_mapping.finite("A measurement", measurement.value),
            "epochs": row_mapping.finite("The epochs of a measurement", measurement.epochs),
        }
        query = select(schema.measurements).filter_by(**key)
        with self._database.write() as connection:
            locks.run(connection, run_id)
            row = connection.execute(query).first()
            if row is None:
                connection.execute(insert(schema.measurements), key | values)
                row = connection.execute(query).one()
            return _measurement(*row[1:])

    @persistent
    def measurements(self, run_id: int) -> list[MeasurementRecord]:
        """Return what a run measured, by level and seed."""
        query = select(schema.measurements).where(_measurements.run_id == run_id)
        order = (_measurements.level, _measurements.seed, _measurements.parent)
        with self._database.read() as connection:
            return [_measurement(*row[1:]) for row in connection.execute(query.order_by(*order))]


def _gradient(
    point: str,
    count: int,
    mean: float,
    std: float,
    kurtosis: float | None,
    quantiles: list[float],
    histogram: list[int],
) -> GradientRecord:
    return GradientRecord(point, count, mean, std, kurtosis, tuple(quantiles), tuple(histogram))


def _measurement(level: int, seed: int, parent: str, value: float, epochs: float) -> MeasurementRecord:
    return MeasurementRecord(level, seed, parent or None, value, epochs)
