"""Artifact stores with an id of their own, and beside an SQLite file by a path relative to it.

Going back forgets the ids, and makes the paths absolute again.
"""

from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STUDIES = sa.table("scyc_studies", sa.column("id"), sa.column("artifacts"))
_HASHES = """
SELECT checkpoints.hash FROM scyc_checkpoints AS checkpoints
JOIN scyc_trials AS trials ON trials.id = checkpoints.trial_id
JOIN scyc_runs AS runs ON runs.id = trials.run_id
WHERE runs.study_id = :study LIMIT 1
"""


def upgrade() -> None:
    """Go one revision forward."""
    stores = op.create_table(
        "scyc_artifact_stores",
        sa.Column("artifacts", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("artifacts", name=op.f("pk_scyc_artifact_stores")),
        sa.UniqueConstraint("id", name=op.f("uq_scyc_artifact_stores")),
    )
    connection, folder, places = op.get_bind(), _folder(), set()
    for study in connection.execute(sa.select(_STUDIES)).all():
        place = _relative(connection, study, folder)
        places.add(place)
        connection.execute(sa.update(_STUDIES).where(_STUDIES.c.id == study.id).values(artifacts=place))
    op.bulk_insert(stores, [{"artifacts": place, "id": uuid4().hex} for place in sorted(places)])


def downgrade() -> None:
    """Go one revision back."""
    connection, folder = op.get_bind(), _folder()
    for study in connection.execute(sa.select(_STUDIES)).all():
        if folder is not None and "://" not in study.artifacts:
            place = str(folder / study.artifacts)
            connection.execute(sa.update(_STUDIES).where(_STUDIES.c.id == study.id).values(artifacts=place))
    op.drop_table("scyc_artifact_stores")


def _folder() -> Path | None:
    """Return the folder of the database's file; None if it is in no file."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return None
    file = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
    return Path(file).resolve().parent if file else None


def _relative(connection: sa.Connection, study: sa.Row[Any], folder: Path | None) -> str:
    """Return the place of a study's store: relative to the folder if it is there, or was moved there with the file."""
    if "://" in study.artifacts:
        return str(study.artifacts)
    text = str(study.artifacts).partition("::")[0]  # where weights went if a study's name had this in it
    path = Path(text)
    if folder is None or not path.is_absolute():
        return text
    if path.resolve().is_relative_to(folder):
        return path.resolve().relative_to(folder).as_posix()
    beside = folder / path.parent.name / path.name
    digest = connection.execute(sa.text(_HASHES), {"study": study.id}).scalar()
    if digest and (beside / digest[:2] / digest).exists():
        return beside.relative_to(folder).as_posix()
    return text
