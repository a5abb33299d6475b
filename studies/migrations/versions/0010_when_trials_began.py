"""When the training of each trial began, and on how many workers the study ran.

Going back forgets this.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision forward."""
    op.add_column("scyc_trial_machines", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("scyc_trial_machines", sa.Column("workers", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Go one revision back."""
    op.drop_column("scyc_trial_machines", "workers")
    op.drop_column("scyc_trial_machines", "started_at")
