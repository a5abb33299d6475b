"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision forward."""
    measured = ("val_accuracy", "test_accuracy", "diverged", "density", "seconds", "checkpoint")
    all_known = " AND ".join(f"{column} IS NOT NULL" for column in measured)
    all_unknown = " AND ".join(f"{column} IS NULL" for column in measured)
    op.create_table(
        "scyc_studies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("spec_hash", sa.String(length=64), nullable=False),
        sa.Column("artifacts", sa.Text(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scyc_studies")),
        sa.UniqueConstraint("name", name=op.f("uq_scyc_studies")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scyc_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall_seconds", sa.Double(), nullable=False),
        sa.CheckConstraint("wall_seconds >= 0", name=op.f("ck_scyc_runs_wall_seconds")),
        sa.ForeignKeyConstraint(
            ["study_id"], ["scyc_studies.id"], name=op.f("fk_scyc_runs_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scyc_runs")),
        sa.UniqueConstraint("study_id", "name", name=op.f("uq_scyc_runs")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scyc_levels",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("density", sa.Double(), nullable=False),
        sa.Column("winner", sa.Double(), nullable=False),
        sa.Column("edge", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("density > 0 AND density <= 1", name=op.f("ck_scyc_levels_density")),
        sa.CheckConstraint("level >= 0", name=op.f("ck_scyc_levels_level")),
        sa.CheckConstraint("winner > 0", name=op.f("ck_scyc_levels_winner")),
        sa.ForeignKeyConstraint(["run_id"], ["scyc_runs.id"], name=op.f("fk_scyc_levels_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "level", name=op.f("pk_scyc_levels")),
    )
    op.create_table(
        "scyc_trials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("max_lr", sa.Double(), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("val_accuracy", sa.Double(), nullable=True),
        sa.Column("test_accuracy", sa.Double(), nullable=True),
        sa.Column("val_loss", sa.Double(), nullable=True),
        sa.Column("test_loss", sa.Double(), nullable=True),
        sa.Column("train_loss", sa.Double(), nullable=True),
        sa.Column("diverged", sa.Boolean(), nullable=True),
        sa.Column("density", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("checkpoint", sa.String(length=64), nullable=True),
        sa.Column("rewind_point", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            f"(state = 'complete' AND {all_known}) OR (state <> 'complete' AND {all_unknown})",
            name=op.f("ck_scyc_trials_complete"),
        ),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name=op.f("ck_scyc_trials_failed")),
        sa.CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name=op.f("ck_scyc_trials_pending")),
        sa.CheckConstraint("state IN ('pending', 'complete', 'failed')", name=op.f("ck_scyc_trials_state")),
        sa.CheckConstraint("density > 0 AND density <= 1", name=op.f("ck_scyc_trials_density")),
        sa.CheckConstraint("level >= 0", name=op.f("ck_scyc_trials_level")),
        sa.CheckConstraint("max_lr > 0", name=op.f("ck_scyc_trials_max_lr")),
        sa.CheckConstraint("round >= 0", name=op.f("ck_scyc_trials_round")),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_scyc_trials_seconds")),
        sa.CheckConstraint("test_accuracy >= 0 AND test_accuracy <= 1", name=op.f("ck_scyc_trials_test_accuracy")),
        sa.CheckConstraint("val_accuracy >= 0 AND val_accuracy <= 1", name=op.f("ck_scyc_trials_val_accuracy")),
        sa.ForeignKeyConstraint(["run_id"], ["scyc_runs.id"], name=op.f("fk_scyc_trials_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scyc_trials")),
        sa.UniqueConstraint("run_id", "level", "seed", "max_lr", "parent", name=op.f("uq_scyc_trials")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scyc_trials_state", "scyc_trials", ["run_id", "state"])

    op.create_table(
        "scyc_checkpoints",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.CheckConstraint("kind IN ('trained', 'rewind')", name=op.f("ck_scyc_checkpoints_kind")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_scyc_checkpoints_size")),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["scyc_trials.id"], name=op.f("fk_scyc_checkpoints_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "kind", name=op.f("pk_scyc_checkpoints")),
    )
    op.create_index("ix_scyc_checkpoints_hash", "scyc_checkpoints", ["hash"])

    op.create_table(
        "scyc_epochs",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=True),
        sa.Column("val_loss", sa.Double(), nullable=True),
        sa.Column("val_accuracy", sa.Double(), nullable=False),
        sa.CheckConstraint("epoch >= 0", name=op.f("ck_scyc_epochs_epoch")),
        sa.CheckConstraint("val_accuracy >= 0 AND val_accuracy <= 1", name=op.f("ck_scyc_epochs_val_accuracy")),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["scyc_trials.id"], name=op.f("fk_scyc_epochs_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "epoch", name=op.f("pk_scyc_epochs")),
    )


def downgrade() -> None:
    """Go one revision back."""
    op.drop_table("scyc_epochs")
    op.drop_table("scyc_checkpoints")
    op.drop_table("scyc_trials")
    op.drop_table("scyc_levels")
    op.drop_table("scyc_runs")
    op.drop_table("scyc_studies")
