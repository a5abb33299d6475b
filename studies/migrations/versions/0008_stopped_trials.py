"""Stop rules of trials, and trials that were stopped by them.

Going back forgets the rules, and the trials that were stopped.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from studies.migrations.copying import as_it_was

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations import BatchOperations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KNOWN = (
    "val_accuracy IS NOT NULL AND test_accuracy IS NOT NULL AND diverged IS NOT NULL AND density IS NOT NULL "
    "AND seconds IS NOT NULL AND checkpoint IS NOT NULL"
)
_UNKNOWN = _KNOWN.replace("IS NOT NULL", "IS NULL")
_STOPPED = _UNKNOWN.replace("seconds IS NULL", "seconds IS NOT NULL")

_BEFORE = {
    "state": "state IN ('pending', 'complete', 'failed')",
    "error": "state <> 'complete' OR error IS NULL",
    "complete": f"(state = 'complete' AND {_KNOWN}) OR (state <> 'complete' AND {_UNKNOWN})",
}
_AFTER = {
    "state": "state IN ('pending', 'complete', 'failed', 'stopped')",
    "error": "state NOT IN ('complete', 'stopped') OR error IS NULL",
    "complete": f"(state = 'complete' AND {_KNOWN}) OR (state = 'stopped' AND {_STOPPED}) "
    f"OR (state NOT IN ('complete', 'stopped') AND {_UNKNOWN})",
    "stop": "(stop_epoch IS NULL) = (stop_below IS NULL)",
    "stopped": "state <> 'stopped' OR stop_epoch IS NOT NULL",
    "stop_epoch": "stop_epoch >= 0",
    "stop_below": "stop_below >= 0 AND stop_below <= 1",
}


def upgrade() -> None:
    """Go one revision forward."""
    with _altering_trials(_BEFORE, _AFTER) as trials:
        trials.add_column(sa.Column("stop_epoch", sa.Integer(), nullable=True))
        trials.add_column(sa.Column("stop_below", sa.Double(), nullable=True))


def downgrade() -> None:
    """Go one revision back."""
    for table in ("scyc_epochs", "scyc_trial_machines"):
        op.execute(f"DELETE FROM {table} WHERE trial_id IN (SELECT id FROM scyc_trials WHERE state = 'stopped')")
    op.execute("DELETE FROM scyc_trials WHERE state = 'stopped'")
    with _altering_trials(_AFTER, _BEFORE) as trials:
        trials.drop_column("stop_epoch")
        trials.drop_column("stop_below")


@contextmanager
def _altering_trials(before: dict[str, str], after: dict[str, str]) -> "Iterator[BatchOperations]":
    """Change checks of the trials, and in the block columns."""
    with as_it_was(), op.batch_alter_table("scyc_trials", table_kwargs={"sqlite_autoincrement": True}) as trials:
        for name in before:
            trials.drop_constraint(op.f(f"ck_scyc_trials_{name}"), type_="check")
        yield trials
        for name, rule in after.items():
            trials.create_check_constraint(op.f(f"ck_scyc_trials_{name}"), sa.text(rule))
