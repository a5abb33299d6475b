"""Answers: which examples of a split a trial's network classifies correctly. Going back forgets them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision forward."""
    op.create_table(
        "scyc_answers",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(length=16), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("split IN ('validation', 'test')", name=op.f("ck_scyc_answers_split")),
        sa.CheckConstraint("examples > 0", name=op.f("ck_scyc_answers_examples")),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["scyc_trials.id"], name=op.f("fk_scyc_answers_trial_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trial_id", "split", name=op.f("pk_scyc_answers")),
    )


def downgrade() -> None:
    """Go one revision back."""
    op.drop_table("scyc_answers")
