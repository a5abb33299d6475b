"""The outer half of the store: studies, their runs, and the levels that a run has decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from studies import lineage, rows, schema
from studies.errors import StudyError, StudyExists, StudyNotFound
from studies.records import LevelRecord, RunRecord, StudyRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from studies.database import Database

_studies, _runs, _levels = schema.studies.c, schema.runs.c, schema.levels.c


class Catalogue:
    """Studies, runs and levels of one database.

    A run is made when it is first opened, a level once it is decided. Every method is one transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_study(
        self, name: str, spec: Mapping[str, Any], spec_hash: str, artifacts: str, provenance: Mapping[str, Any]
    ) -> StudyRecord:
        """Record a new study.

        Raises:
            StudyExists: the name is taken.
            ValueError: `spec` or `provenance` is not plain JSON, or holds NaN or infinity.
        """
        values = {
            "name": name,
            "spec": rows.plain_json("The spec", spec),
            "spec_hash": spec_hash,
            "artifacts": artifacts,
            "provenance": rows.plain_json("The provenance", provenance),
            "created_at": now(),
        }
        query = select(schema.studies).where(_studies.name == name)
        with self._database.write() as connection:
            if connection.execute(query).first() is not None:
                raise StudyExists(
                    f"A study named {name!r} is in {self._database.name} already; go on with it, delete it, or "
                    f"choose another name."
                )
            connection.execute(insert(schema.studies), values)
            return StudyRecord(*connection.execute(query).one())

    def study(self, name: str) -> StudyRecord:
        """Return a study by its name.

        Raises:
            StudyNotFound: there is none; the message lists those that are.
        """
        with self._database.read() as connection:
            return self._study(connection, name)

    def studies(self) -> list[StudyRecord]:
        """Return every study, oldest first."""
        with self._database.read() as connection:
            query = select(schema.studies).order_by(_studies.id)
            return [StudyRecord(*row) for row in connection.execute(query)]

    def delete_study(self, name: str) -> list[str]:
        """Delete a study and everything below it from the database.

        Returns:
            Hashes of its checkpoints that no other study with the same artifact store lists: nobody needs them there.

        Raises:
            StudyNotFound: there is none.
        """
        with self._database.write() as connection:
            study = self._study(connection, name)
            trials = select(schema.trials.c.id).join(schema.runs).where(_runs.study_id == study.id)
            hashes = lineage.listed_only_by(connection, trials)
            connection.execute(delete(schema.studies).where(_studies.id == study.id))
            return hashes

    def open_run(self, study_id: int, name: str) -> RunRecord:
        """Return a study's run by its name ("oracle" or a schedule's), made if it is not there yet."""
        query = select(schema.runs).where(_runs.study_id == study_id, _runs.name == name)
        with self._database.write() as connection:
            row = connection.execute(query).first()
            if row is None:
                values = {"study_id": study_id, "name": name, "created_at": now(), "wall_seconds": 0.0}
                connection.execute(insert(schema.runs), values)
                row = connection.execute(query).one()
            return RunRecord(*row)

    def runs(self, study_id: int) -> list[RunRecord]:
        """Return the runs of a study, oldest first."""
        with self._database.read() as connection:
            query = select(schema.runs).where(_runs.study_id == study_id).order_by(_runs.id)
            return [RunRecord(*row) for row in connection.execute(query)]

    def add_wall_seconds(self, run_id: int, seconds: float) -> None:
        """Add the time that a driver has spent on a run.

        Raises:
            StudyError: there is no such run.
            ValueError: `seconds` is negative, NaN or infinite.
        """
        if rows.finite("The wall time", seconds) < 0:
            raise ValueError(f"The wall time is {seconds} seconds; it cannot be negative.")
        longer = update(schema.runs).where(_runs.id == run_id).values(wall_seconds=_runs.wall_seconds + seconds)
        with self._database.write() as connection:
            if connection.execute(longer).rowcount == 0:
                raise StudyError(f"There is no run {run_id} in {self._database.name}; open it first.")

    def decide_level(self, run_id: int, level: int, density: float, winner: float, edge: bool) -> LevelRecord:
        """Decide a level, once and for all.

        Args:
            run_id: the run.
            level: number of prunings done, at least 0.
            density: fraction of the prunable weights left, in (0, 1].
            winner: the winning `max_lr`.
            edge: whether the winner sits on the edge of what was tried.

        Returns:
            The decision; the earlier one if the same was decided before.

        Raises:
            StudyError: the level was decided otherwise before.
            ValueError: a number is NaN or infinite.
        """
        decision = {
            "density": rows.finite("density", density),
            "winner": rows.finite("winner", winner),
            "edge": bool(edge),
        }
        query = select(schema.levels).where(_levels.run_id == run_id, _levels.level == level)
        with self._database.write() as connection:
            row = connection.execute(query).first()
            if row is None:
                values = {"run_id": run_id, "level": int(level), "decided_at": now(), **decision}
                connection.execute(insert(schema.levels), values)
                row = connection.execute(query).one()
            elif any(row._mapping[key] != value for key, value in decision.items()):
                raise StudyError(
                    f"Level {level} of run {run_id} is decided already (winner {row.winner:g}, density "
                    f"{row.density:g}) and cannot be decided otherwise; start a new study instead."
                )
            return LevelRecord(*row)

    def levels(self, run_id: int) -> list[LevelRecord]:
        """Return the decided levels of a run, ascending."""
        with self._database.read() as connection:
            query = select(schema.levels).where(_levels.run_id == run_id).order_by(_levels.level)
            return [LevelRecord(*row) for row in connection.execute(query)]

    def _study(self, connection: Connection, name: str) -> StudyRecord:
        row = connection.execute(select(schema.studies).where(_studies.name == name)).first()
        if row is not None:
            return StudyRecord(*row)
        names = connection.scalars(select(_studies.name).order_by(_studies.name)).all()
        there = f"there are {', '.join(map(repr, names))}" if names else "it holds none yet"
        raise StudyNotFound(f"No study named {name!r} is in {self._database.name}; {there}.")


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
