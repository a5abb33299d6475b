"""Row locks: a transaction that decides by what it reads first locks the row above, so that two never decide at once.

SQLite lets only one transaction write at a time anyway. On PostgreSQL the row is locked until the transaction ends, a
study's before a run's; transactions that do not lock it may add rows below it meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from studies import schema
from studies.errors import StudyError, StudyNotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection


def study(connection: Connection, study_id: int) -> str:
    """Lock the row of a study, and return its name.

    Raises:
        StudyNotFound: there is none.
    """
    query = select(schema.studies.c.name).where(schema.studies.c.id == study_id).with_for_update(key_share=True)
    name: str | None = connection.scalar(query)
    if name is None:
        raise StudyNotFound(f"There is no study {study_id} in the database; it may have been deleted.")
    return name


def run(connection: Connection, run_id: int) -> None:
    """Lock the row of a run.

    Raises:
        StudyError: there is none.
    """
    query = select(schema.runs.c.id).where(schema.runs.c.id == run_id).with_for_update(key_share=True)
    if connection.scalar(query) is None:
        raise StudyError(f"There is no run {run_id} in the database; open it first.")
