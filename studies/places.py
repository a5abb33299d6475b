"""Which artifact stores a database has, by the id that each has too, and which studies use them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete, select, update

from studies import locks, schema
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from studies.dialect import Dialect

_studies, _stores = schema.studies.c, schema.artifact_stores.c
_HASHES = select(schema.checkpoints.c.hash).select_from(schema.checkpoints).join(schema.trials).join(schema.runs)


class Places(StorePart):
    """The artifact stores of one database, each by its folder or URL. Every method is one transaction."""

    @persistent
    def artifact_stores(self) -> dict[str, str]:
        """Return every store by its id, also those that no study uses any more."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.artifact_stores)).all()
            return {row.id: self._database.resolved(row.artifacts) for row in rows}

    @persistent
    def users_of(self, artifacts: str) -> list[str]:
        """Return the names of the studies whose weights are in a store."""
        query = select(_studies.name).where(_studies.artifacts == self._database.stored(artifacts))
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(_studies.name)))

    @persistent
    def listed_in(self, artifacts: str) -> set[str]:
        """Return the hashes that trials list in a store."""
        query = _HASHES.join(schema.studies).where(_studies.artifacts == self._database.stored(artifacts))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    @persistent
    def weights_of(self, study_id: int) -> set[str]:
        """Return the hashes that a study's trials list."""
        with self._database.read() as connection:
            return set(connection.scalars(_HASHES.where(schema.runs.c.study_id == study_id)))

    @persistent
    def identity(self) -> str:
        """Return what tells this database from its copies: the path of its file, or the numbers that a server knows.

        It is empty for a database in memory.
        """
        if self._database.file is not None:
            return str(self._database.file)
        with self._database.read() as connection:
            return self._database.dialect.identity(connection)

    @persistent
    def remember_artifacts(self, artifacts: str) -> str:
        """Return the id of a store; a store without one gets it now."""
        with self._database.write() as connection:
            return remember(connection, self._database.dialect, self._database.stored(artifacts))

    @persistent
    def forget_artifacts(self, artifacts: str) -> None:
        """Forget a store and its id."""
        with self._database.write() as connection:
            connection.execute(
                delete(schema.artifact_stores).where(_stores.artifacts == self._database.stored(artifacts))
            )

    @persistent
    def move_artifacts(self, former: str, artifacts: str) -> None:
        """Record that a store is in another place now, for all studies that use it."""
        place = self._database.stored(artifacts)
        with self._database.write() as connection:
            connection.execute(delete(schema.artifact_stores).where(_stores.artifacts == place))
            for table in (schema.artifact_stores, schema.studies):
                there = table.c.artifacts == self._database.stored(former)
                connection.execute(update(table).where(there).values(artifacts=place))

    @persistent
    def place_study(self, study_id: int, artifacts: str) -> None:
        """Record that a study's weights are in this store.

        Raises:
            StudyNotFound: there is no such study.
        """
        with self._database.write() as connection:
            locks.study(connection, study_id)
            place = {"artifacts": self._database.stored(artifacts)}
            connection.execute(update(schema.studies).where(_studies.id == study_id).values(place))


def remember(connection: Connection, dialect: Dialect, place: str) -> str:
    """Return the id of the store at a place, as the tables name it; record a new one if there is none yet."""
    dialect.insert_new(connection, schema.artifact_stores, {"artifacts": [place], "id": [uuid4().hex]}, {})
    known: str = connection.execute(select(_stores.id).where(_stores.artifacts == place)).scalar_one()
    return known
