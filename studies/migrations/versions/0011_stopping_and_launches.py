"""Drivers can be asked to stop, and whoever is elsewhere can ask for one. What ended last is found at once.

Going back forgets the first two.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATES = ("accepted", "driving", "ended", "stopped", "refused", "withdrawn")


def upgrade() -> None:
    """Go one revision forward."""
    op.add_column("scyc_leases", sa.Column("stop", sa.String(16), nullable=True))
    op.add_column("scyc_leases", sa.Column("stop_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "scyc_launches",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("study", sa.String(255), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scyc_launches")),
        sa.CheckConstraint(
            "(state IN ('ended', 'stopped', 'refused', 'withdrawn')) = (ended_at IS NOT NULL)",
            name=op.f("ck_scyc_launches_ended_at"),
        ),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_scyc_launches_state")),
        sa.CheckConstraint("state <> 'driving' OR token IS NOT NULL", name=op.f("ck_scyc_launches_token")),
    )
    op.create_index("ix_scyc_trials_finished_at", "scyc_trials", ["run_id", "finished_at"])
    op.create_index("ix_scyc_launches_study", "scyc_launches", ["study"])


def downgrade() -> None:
    """Go one revision back."""
    op.drop_index("ix_scyc_trials_finished_at", "scyc_trials")
    op.drop_index("ix_scyc_launches_study", "scyc_launches")
    op.drop_table("scyc_launches")
    op.drop_column("scyc_leases", "stop_seen_at")
    op.drop_column("scyc_leases", "stop")
