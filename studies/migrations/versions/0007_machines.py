"""The machine that trained each trial.

Going back forgets the machines.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision forward."""
    op.create_table(
        "scyc_machines",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("processor", sa.Text(), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("torch", sa.Text(), nullable=False),
        sa.Column("build", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("gpu", sa.Text(), nullable=False),
        sa.Column("gpu_capability", sa.Text(), nullable=False),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("cuda", sa.Text(), nullable=False),
        sa.Column("cudnn", sa.Text(), nullable=False),
        sa.CheckConstraint("threads > 0", name=op.f("ck_scyc_machines_threads")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_scyc_machines")),
    )
    op.create_table(
        "scyc_trial_machines",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("machine", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["scyc_trials.id"], name=op.f("fk_scyc_trial_machines_trial_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["machine"], ["scyc_machines.hash"], name=op.f("fk_scyc_trial_machines_machine")),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_scyc_trial_machines")),
    )


def downgrade() -> None:
    """Go one revision back."""
    op.drop_table("scyc_trial_machines")
    op.drop_table("scyc_machines")
