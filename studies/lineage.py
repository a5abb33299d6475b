"""Which trial made which checkpoint, and which checkpoints nobody needs any more.

The table lists what is kept in the artifact stores. Equal weights have equal hashes, so trials, runs and studies may
share a checkpoint: it may be deleted from its artifact store once none of them lists it any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select

from studies import row_mapping, schema
from studies.records import CheckpointRecord

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

_checkpoints, _trials = schema.checkpoints.c, schema.trials.c


def of_run(connection: Connection, run_id: int) -> list[CheckpointRecord]:
    """Return the checkpoints that a run keeps, in the order of its trials."""
    query = (
        select(*row_mapping.columns_for(CheckpointRecord, schema.checkpoints))
        .join(schema.trials)
        .where(_trials.run_id == run_id)
        .order_by(_checkpoints.trial_id, _checkpoints.kind)
    )
    return [CheckpointRecord(*row) for row in connection.execute(query)]


def listed_only_by(connection: Connection, trials: Select[Any]) -> list[str]:
    """Return the hashes of the checkpoints of `trials` that no other trial lists in the same artifact store."""
    placed = (
        select(_checkpoints.hash, _checkpoints.trial_id, schema.studies.c.artifacts)
        .join(schema.trials, _trials.id == _checkpoints.trial_id)
        .join(schema.runs, schema.runs.c.id == _trials.run_id)
        .join(schema.studies, schema.studies.c.id == schema.runs.c.study_id)
    )
    mine, other = placed.subquery("mine").c, placed.subquery("other").c
    shared = exists().where(other.hash == mine.hash, other.artifacts == mine.artifacts, other.trial_id.not_in(trials))
    query = select(mine.hash).distinct().where(mine.trial_id.in_(trials), ~shared).order_by(mine.hash)
    return list(connection.scalars(query))
