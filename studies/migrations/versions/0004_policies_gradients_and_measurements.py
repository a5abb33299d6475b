"""Policies of runs, gradients of trials, and what runs measure when a level begins.

Going back forgets all of these, and so what tells a run of one schedule from a run of another.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision forward."""
    op.add_column("scyc_runs", sa.Column("policy", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "scyc_gradients",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("std", sa.Double(), nullable=False),
        sa.Column("kurtosis", sa.Double(), nullable=True),
        sa.Column("quantiles", sa.JSON(), nullable=False),
        sa.Column("histogram", sa.JSON(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_scyc_gradients_count")),
        sa.CheckConstraint("std >= 0", name=op.f("ck_scyc_gradients_std")),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["scyc_trials.id"], name=op.f("fk_scyc_gradients_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "point", name=op.f("pk_scyc_gradients")),
    )
    op.create_table(
        "scyc_measurements",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("epochs", sa.Double(), nullable=False),
        sa.CheckConstraint("level >= 0", name=op.f("ck_scyc_measurements_level")),
        sa.CheckConstraint("epochs >= 0", name=op.f("ck_scyc_measurements_epochs")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scyc_runs.id"], name=op.f("fk_scyc_measurements_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "level", "seed", "parent", name=op.f("pk_scyc_measurements")),
    )


def downgrade() -> None:
    """Go one revision back."""
    op.drop_table("scyc_measurements")
    op.drop_table("scyc_gradients")
    op.drop_column("scyc_runs", "policy")
