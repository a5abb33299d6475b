"""Studies, their former specs, and their runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from studies import launches, lineage, locks, places, row_mapping, schema
from studies.errors import StudyError, StudyExists, StudyNotFound
from studies.store_part import StorePart, persistent
from studies.study_records import RunRecord, SpecRecord, StudyRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

_studies, _runs, _former = schema.studies.c, schema.runs.c, schema.spec_history.c


class Catalogue(StorePart):
    """Studies and runs of one database. A run is made when it is first opened. Every method is one transaction."""

    @persistent
    def create_study(
        self, name: str, spec: Mapping[str, Any], spec_hash: str, artifacts: str, provenance: Mapping[str, Any]
    ) -> StudyRecord:
        """Record a new study.

        Raises:
            StudyExists: the name is taken.
            ValueError: `spec` or `provenance` is not plain JSON, or holds NaN or infinity.
        """
        values: dict[str, Any] = {
            "name": name,
            "spec": row_mapping.plain_json("The spec", spec),
            "spec_hash": spec_hash,
            "artifacts": self._database.stored(artifacts),
            "provenance": row_mapping.plain_json("The provenance", provenance),
            "created_at": now(),
        }
        query = select(schema.studies).where(_studies.name == name)
        taken = StudyExists(
            f"A study named {name!r} is in {self._database.name} already; resume it, delete it, or choose another name."
        )
        with self._database.write() as connection:
            if connection.execute(query).first() is not None:
                raise taken
            try:
                connection.execute(insert(schema.studies), values)
                places.remember(connection, self._database.dialect, values["artifacts"])
            except IntegrityError as error:  # another process was quicker
                raise taken from error
            return self._record(connection.execute(query).one())

    @persistent
    def study(self, name: str) -> StudyRecord:
        """Return a study by its name.

        Raises:
            StudyNotFound: there is none; the message lists those that are.
        """
        with self._database.read() as connection:
            return self._study(connection, name)

    @persistent
    def find_study(self, name: str) -> int | None:
        """Return the number of a study by its name, whatever else its row holds; None if there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(_studies.id).where(_studies.name == name))

    @persistent
    def study_name(self, study_id: int) -> str | None:
        """Return the name of a study by its number, whatever else its row holds; None if there is none."""
        with self._database.read() as connection:
            name = connection.scalar(select(_studies.name).where(_studies.id == study_id))
            return None if name is None else str(name)

    @persistent
    def study_names(self) -> dict[int, str]:
        """Return the name of every study by its number, oldest first, whatever else its row holds."""
        with self._database.read() as connection:
            found = connection.execute(select(_studies.id, _studies.name).order_by(_studies.id))
            return {row.id: str(row.name) for row in found}

    @persistent
    def studies(self) -> list[StudyRecord]:
        """Return every study, oldest first."""
        with self._database.read() as connection:
            query = select(schema.studies).order_by(_studies.id)
            return [self._record(row) for row in connection.execute(query)]

    @persistent
    def extend_study(self, study_id: int, spec: Mapping[str, Any], spec_hash: str) -> StudyRecord:
        """Give a study a spec that asks for more; its former spec is kept in `spec_history`.

        Only the spec changes: which of the trials still count is for the caller to decide.

        Returns:
            The study as it is now; as it was if it had that spec already.

        Raises:
            StudyNotFound: there is no such study.
            ValueError: `spec` is not plain JSON, or holds NaN or infinity.
        """
        now_ = {"spec": row_mapping.plain_json("The spec", spec), "spec_hash": spec_hash}
        query = select(schema.studies).where(_studies.id == study_id)
        with self._database.write() as connection:
            locks.study(connection, study_id)
            study = self._record(connection.execute(query).one())
            if (study.spec, study.spec_hash) != (now_["spec"], spec_hash):
                former = {"spec": study.spec, "spec_hash": study.spec_hash, "superseded_at": now()}
                connection.execute(insert(schema.spec_history), {"study_id": study_id, **former})
                connection.execute(update(schema.studies).where(_studies.id == study_id).values(now_))
            return self._record(connection.execute(query).one())

    @persistent
    def add_provenance(self, study_id: int, name: str, entry: Mapping[str, Any]) -> None:
        """Append an entry to a list in a study's provenance. What was recorded before stays.

        Raises:
            StudyNotFound: there is no such study.
            ValueError: `entry` is not plain JSON, or holds NaN or infinity.
        """
        plain = row_mapping.plain_json("The entry", entry)
        with self._database.write() as connection:
            locks.study(connection, study_id)
            former = connection.scalars(select(_studies.provenance).where(_studies.id == study_id)).one()
            entries = former.get(name)
            provenance = former | {name: [*(entries if isinstance(entries, list) else []), plain]}
            connection.execute(update(schema.studies).where(_studies.id == study_id).values(provenance=provenance))

    @persistent
    def spec_history(self, study_id: int) -> list[SpecRecord]:
        """Return the specs that a study had before its present one, oldest first."""
        query = select(*row_mapping.columns_for(SpecRecord, schema.spec_history))
        with self._database.read() as connection:
            found = connection.execute(query.where(_former.study_id == study_id).order_by(_former.id))
            return [SpecRecord(*row) for row in found]

    @persistent
    def delete_study(self, name: str) -> list[str]:
        """Delete a study and everything below it from the database.

        Returns:
            Hashes of its checkpoints that no other study with the same artifact store lists; delete them there.

        Raises:
            StudyNotFound: there is none.
        """
        with self._database.write() as connection:
            number = connection.scalar(select(_studies.id).where(_studies.name == name))
            if number is None:
                raise self._not_found(connection, name)
            trials = select(schema.trials.c.id).join(schema.runs).where(_runs.study_id == number)
            hashes = lineage.listed_only_by(connection, trials)
            connection.execute(delete(schema.studies).where(_studies.id == number))
            launches.forget(connection, name)
            return hashes

    @persistent
    def find_run(self, study_id: int, name: str) -> RunRecord | None:
        """Return a study's run by its name, None if there is none; nothing is written."""
        query = select(schema.runs).where(_runs.study_id == study_id, _runs.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).first()
            return None if row is None else RunRecord(*row)

    @persistent
    def open_run(self, study_id: int, name: str, policy: Mapping[str, Any] | None = None) -> RunRecord:
        """Return a study's run by its name ("oracle" or a schedule's); make it if there is none. See `find_run`.

        Args:
            study_id: the study.
            name: of the run.
            policy: of a new run, as plain JSON values; an existing run keeps its own.

        Raises:
            StudyNotFound: there is no such study.
            ValueError: `policy` is not plain JSON, or holds NaN or infinity.
        """
        plain = None if policy is None else row_mapping.plain_json("The policy", policy)
        query = select(schema.runs).where(_runs.study_id == study_id, _runs.name == name)
        with self._database.write() as connection:
            locks.study(connection, study_id)
            row = connection.execute(query).first()
            if row is None:
                values = {"study_id": study_id, "name": name, "created_at": now(), "wall_seconds": 0.0, "policy": plain}
                connection.execute(insert(schema.runs), values)
                row = connection.execute(query).one()
            return RunRecord(*row)

    @persistent
    def runs(self, study_id: int) -> list[RunRecord]:
        """Return the runs of a study, oldest first."""
        with self._database.read() as connection:
            query = select(schema.runs).where(_runs.study_id == study_id).order_by(_runs.id)
            return [RunRecord(*row) for row in connection.execute(query)]

    @persistent
    def delete_run(self, run_id: int) -> list[str]:
        """Delete a run and everything below it from the database.

        Returns:
            Hashes of its checkpoints that no other run lists in the same artifact store; delete them there.

        Raises:
            StudyError: there is no such run.
        """
        with self._database.write() as connection:
            locks.run(connection, run_id)
            trials = select(schema.trials.c.id).where(schema.trials.c.run_id == run_id)
            hashes = lineage.listed_only_by(connection, trials)
            connection.execute(delete(schema.runs).where(_runs.id == run_id))
            return hashes

    @persistent
    def add_wall_seconds(self, run_id: int, seconds: float) -> None:
        """Add the time that a driver has spent on a run.

        Raises:
            StudyError: there is no such run.
            ValueError: `seconds` is negative, NaN or infinite.
        """
        if row_mapping.finite("The wall time", seconds) < 0:
            raise ValueError(f"The wall time is {seconds} seconds; it cannot be negative.")
        longer = update(schema.runs).where(_runs.id == run_id).values(wall_seconds=_runs.wall_seconds + seconds)
        with self._database.write() as connection:
            if connection.execute(longer).rowcount == 0:
                raise StudyError(f"There is no run {run_id} in {self._database.name}; open it first.")

    def _record(self, row: Row[Any]) -> StudyRecord:
        study = StudyRecord(**row._mapping)
        return replace(study, artifacts=self._database.resolved(study.artifacts))

    def _study(self, connection: Connection, name: str) -> StudyRecord:
        row = connection.execute(select(schema.studies).where(_studies.name == name)).first()
        if row is not None:
            return self._record(row)
        raise self._not_found(connection, name)

    def _not_found(self, connection: Connection, name: str) -> StudyNotFound:
        names = connection.scalars(select(_studies.name).order_by(_studies.name)).all()
        there = f"there are {', '.join(map(repr, names))}" if names else "it holds none yet"
        return StudyNotFound(f"No study named {name!r} is in {self._database.name}; {there}.")


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
