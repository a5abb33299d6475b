"""The decided levels of runs, and the decisions that extensions have replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from studies import locks, row_mapping, schema
from studies.catalogue import now
from studies.errors import StudyError
from studies.store_part import StorePart, persistent
from studies.study_records import LevelRecord

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

_levels, _former = schema.levels.c, schema.level_history.c


class Decisions(StorePart):
    """Decided levels of the runs of one database. Every method is one transaction."""

    @persistent
    def decide_level(self, run_id: int, level: int, density: float, winner: float, edge: bool) -> LevelRecord:
        """Decide a level, until it is reopened.

        Args:
            run_id: the run.
            level: number of prunings done, at least 0.
            density: fraction of the prunable weights left, in (0, 1].
            winner: the winning `max_lr`.
            edge: whether the winner sits on the edge of what was tried.

        Returns:
            The decision; the earlier one if the same was decided before.

        Raises:
            StudyError: the level was decided differently before.
            ValueError: a number is NaN or infinite.
        """
        decision = {
            "density": row_mapping.finite("density", density),
            "winner": row_mapping.finite("winner", winner),
            "edge": bool(edge),
        }
        query = _current(_levels.run_id == run_id, _levels.level == level)
        with self._database.write() as connection:
            locks.run(connection, run_id)
            row = connection.execute(query).first()
            if row is None:
                values = {"run_id": run_id, "level": int(level), "decided_at": now(), **decision}
                connection.execute(insert(schema.levels), values)
                row = connection.execute(query).one()
            elif any(row._mapping[key] != value for key, value in decision.items()):
                raise StudyError(
                    f"Level {level} of run {run_id} is decided already (winner {row.winner:g}, density "
                    f"{row.density:g}) and cannot be decided differently; reopen it first, or start a new study."
                )
            return LevelRecord(*row)

    @persistent
    def levels(self, run_id: int, history: bool = False) -> list[LevelRecord]:
        """Return the decided levels of a run, ascending.

        Args:
            run_id: the run.
            history: return the decisions that no longer hold too, each level's in the order they were made in.
        """
        with self._database.read() as connection:
            found = [LevelRecord(*row) for row in connection.execute(_current(_levels.run_id == run_id))]
            if history:
                former = select(*row_mapping.columns_for(LevelRecord, schema.level_history))
                by_age = former.where(_former.run_id == run_id).order_by(_former.id)
                found = [LevelRecord(*row) for row in connection.execute(by_age)] + found
            return sorted(found, key=lambda level: level.level)

    @persistent
    def reopen_levels(self, run_id: int, from_level: int) -> int:
        """Make a level and all later ones undecided; their decisions are kept as history, and their trials stay.

        Trials of later levels that started from the former winner's weights stay on record with these as parents.

        Returns:
            How many decisions no longer hold.

        Raises:
            StudyError: there is no such run.
        """
        reopened = (_levels.run_id == run_id) & (_levels.level >= from_level)
        with self._database.write() as connection:
            locks.run(connection, run_id)
            superseded_at = now()
            former = [
                {**row._mapping, "superseded_at": superseded_at} for row in connection.execute(_current(reopened))
            ]
            if former:
                connection.execute(insert(schema.level_history), former)
                connection.execute(delete(schema.levels).where(reopened))
            return len(former)


def _current(*conditions: ColumnElement[bool]) -> Select[Any]:
    columns = row_mapping.columns_for(LevelRecord, schema.levels)
    return select(*columns).where(*conditions).order_by(_levels.level)
