"""Leases of drivers, attempts and spec hashes of trials, former specs and former decisions.

Going back forgets all of these. It is refused where two trials differ in their spec hash alone.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BEFORE = {"failed": "(state = 'failed') = (error IS NOT NULL)"}
_AFTER = {
    "failed": "state <> 'failed' OR error IS NOT NULL",
    "error": "state <> 'complete' OR error IS NULL",
    "attempts": "attempts >= 0",
}
_KEY = ["run_id", "level", "seed", "max_lr", "parent"]


def upgrade() -> None:
    """Go one revision forward."""
    op.create_table(
        "scyc_spec_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("spec_hash", sa.String(length=64), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["scyc_studies.id"], name=op.f("fk_scyc_spec_history_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scyc_spec_history")),
    )
    op.create_index("ix_scyc_spec_history_study_id", "scyc_spec_history", ["study_id"])
    op.create_table(
        "scyc_leases",
        sa.Column("study_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("token > 0", name=op.f("ck_scyc_leases_token")),
        sa.ForeignKeyConstraint(
            ["study_id"], ["scyc_studies.id"], name=op.f("fk_scyc_leases_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_scyc_leases")),
    )
    op.create_table(
        "scyc_level_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("density", sa.Double(), nullable=False),
        sa.Column("winner", sa.Double(), nullable=False),
        sa.Column("edge", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scyc_runs.id"], name=op.f("fk_scyc_level_history_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scyc_level_history")),
    )
    op.create_index("ix_scyc_level_history_run_id", "scyc_level_history", ["run_id"])

    added = (
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spec_hash", sa.String(length=64), server_default="", nullable=False),
    )
    _alter_trials(_BEFORE, _AFTER, key=[*_KEY, "spec_hash"], add=added)
    op.execute("UPDATE scyc_trials SET attempts = 1 WHERE state = 'failed'")


def downgrade() -> None:
    """Go one revision back."""
    op.execute("UPDATE scyc_trials SET error = NULL WHERE state <> 'failed'")
    _alter_trials(_AFTER, _BEFORE, key=_KEY, drop=("attempts", "spec_hash"))
    op.drop_table("scyc_level_history")
    op.drop_table("scyc_leases")
    op.drop_table("scyc_spec_history")


def _alter_trials(
    before: dict[str, str],
    after: dict[str, str],
    key: list[str],
    add: tuple[sa.Column[Any], ...] = (),
    drop: tuple[str, ...] = (),
) -> None:
    """Change columns, checks and key of the trials; SQLite copies the table for that."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    highest = "SELECT seq FROM sqlite_sequence WHERE name = 'scyc_trials'"
    last_id = connection.scalar(sa.text(highest)) if is_sqlite else None
    with op.batch_alter_table("scyc_trials", table_kwargs={"sqlite_autoincrement": True}) as trials:
        trials.drop_constraint("uq_scyc_trials", type_="unique")
        for name in before:
            trials.drop_constraint(op.f(f"ck_scyc_trials_{name}"), type_="check")
        for column in add:
            trials.add_column(column)
        for column_name in drop:
            trials.drop_column(column_name)
        for name, rule in after.items():
            trials.create_check_constraint(op.f(f"ck_scyc_trials_{name}"), sa.text(rule))
        trials.create_unique_constraint(op.f("uq_scyc_trials"), key)
    if last_id is not None:  # the id of a deleted trial is never given to another one
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'scyc_trials'"))
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('scyc_trials', :last)"), {"last": last_id}
        )
