"""Values of any metric: `val` and `test` of trials, points of a learning curve by `step`, and what a trial spent.

What was there stays as it is. Going back is refused while there is a value that is no accuracy.
"""

import sqlalchemy as sa
from alembic import op

from studies.migrations.copying import as_it_was

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAMES = {
    "scyc_trials": {"val_accuracy": "val", "test_accuracy": "test"},
    "scyc_epochs": {"epoch": "step", "val_accuracy": "val"},
}


def _complete(*measured: str) -> str:
    known = " AND ".join(f"{column} IS NOT NULL" for column in measured)
    unknown = known.replace("IS NOT NULL", "IS NULL")
    stopped = unknown.replace("seconds IS NULL", "seconds IS NOT NULL")
    return (
        f"(state = 'complete' AND {known}) OR (state = 'stopped' AND {stopped}) "
        f"OR (state NOT IN ('complete', 'stopped') AND {unknown})"
    )


def _fraction(column: str) -> str:
    return f"{column} >= 0 AND {column} <= 1"


_ALWAYS = ("diverged", "density", "seconds", "checkpoint")
_BEFORE = {
    "complete": _complete("val_accuracy", "test_accuracy", *_ALWAYS),
    **{name: _fraction(name) for name in ("stop_below", "val_accuracy", "test_accuracy")},
}
_AFTER = {"complete": _complete(*_ALWAYS), "spent": "spent >= 0"}

# A trial counts for the curve if it starts from the weights of the trial that counts one level before: what was
# trained from weights that lost their place when a level was reopened is on record, but not on the curve. Of trials
# that differ in their spec hash alone, the newest counts. (Only complete ones have a checkpoint; asked for their state,
# SQLite would look through the whole run.)
_NEWEST = """NOT EXISTS (
        SELECT 1 FROM scyc_trials AS newer
        WHERE newer.run_id = trials.run_id AND newer.level = trials.level AND newer.seed = trials.seed
        AND newer.max_lr = trials.max_lr AND newer.parent = trials.parent
        AND newer.checkpoint IS NOT NULL AND newer.id > trials.id
    )"""


def _curve(val: str, test: str) -> str:
    return f"""
CREATE VIEW scyc_oracle_curve AS
WITH RECURSIVE line (run_id, level, seed, checkpoint, {val}, {test}) AS (
    SELECT trials.run_id, trials.level, trials.seed, trials.checkpoint, trials.{val}, trials.{test}
    FROM scyc_runs AS runs
    JOIN scyc_levels AS levels ON levels.run_id = runs.id AND levels.level = 0
    JOIN scyc_trials AS trials ON trials.run_id = levels.run_id AND trials.level = 0 AND trials.max_lr = levels.winner
    WHERE runs.name = 'oracle' AND trials.state = 'complete' AND {_NEWEST}
    UNION ALL
    SELECT trials.run_id, trials.level, trials.seed, trials.checkpoint, trials.{val}, trials.{test}
    FROM line
    JOIN scyc_levels AS levels ON levels.run_id = line.run_id AND levels.level = line.level + 1
    JOIN scyc_trials AS trials
        ON trials.run_id = line.run_id AND trials.level = levels.level AND trials.seed = line.seed
        AND trials.max_lr = levels.winner AND trials.parent = line.checkpoint
    WHERE trials.state = 'complete' AND {_NEWEST}
)
SELECT studies.name AS study, levels.level, levels.density, levels.winner, levels.edge,
       AVG(line.{val}) AS mean_{val}, AVG(line.{test}) AS mean_{test},
       COUNT(line.seed) AS seeds
FROM scyc_studies AS studies
JOIN scyc_runs AS runs ON runs.study_id = studies.id AND runs.name = 'oracle'
JOIN scyc_levels AS levels ON levels.run_id = runs.id
LEFT JOIN line ON line.run_id = levels.run_id AND line.level = levels.level
GROUP BY studies.name, levels.level, levels.density, levels.winner, levels.edge
"""


def _summary(val: str, test: str, more: str = "") -> str:
    return f"""
CREATE VIEW scyc_trial_summary AS
SELECT studies.name AS study, runs.name AS run, trials.id AS trial, trials.level, trials.seed, trials.max_lr,
       trials.round, trials.state, trials.attempts, trials.error, trials.{val}, trials.{test},
       trials.val_loss, trials.test_loss, trials.train_loss, trials.diverged, trials.density, trials.seconds,
       trials.max_lr = levels.winner AS won, trials.created_at, trials.finished_at, trials.parent,
       trials.checkpoint, trials.rewind_point, trials.spec_hash{more}
FROM scyc_trials AS trials
JOIN scyc_runs AS runs ON runs.id = trials.run_id
JOIN scyc_studies AS studies ON studies.id = runs.study_id
LEFT JOIN scyc_levels AS levels ON levels.run_id = trials.run_id AND levels.level = trials.level
"""


def upgrade() -> None:
    """Go one revision forward."""
    _drop_views()
    with as_it_was():
        with op.batch_alter_table("scyc_trials", table_kwargs={"sqlite_autoincrement": True}) as trials:
            for name in _BEFORE:
                trials.drop_constraint(op.f(f"ck_scyc_trials_{name}"), type_="check")
            trials.add_column(sa.Column("spent", sa.Double(), nullable=True))
            for name, rule in _AFTER.items():
                trials.create_check_constraint(op.f(f"ck_scyc_trials_{name}"), sa.text(rule))
        with op.batch_alter_table("scyc_epochs") as epochs:
            for name in ("epoch", "val_accuracy"):
                epochs.drop_constraint(op.f(f"ck_scyc_epochs_{name}"), type_="check")
            epochs.alter_column("epoch", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
            epochs.alter_column("val_accuracy", existing_type=sa.Double(), nullable=True)
            epochs.create_check_constraint(op.f("ck_scyc_epochs_step"), sa.text("epoch >= 0"))
    for table, names in _NAMES.items():
        for before, after in names.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")
    op.execute(_curve("val", "test"))
    op.execute(_summary("val", "test", ", trials.spent"))


def downgrade() -> None:
    """Go one revision back."""
    _drop_views()
    for table, names in _NAMES.items():
        for before, after in names.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {after} TO {before}")
    with as_it_was():
        with op.batch_alter_table("scyc_epochs") as epochs:
            epochs.drop_constraint(op.f("ck_scyc_epochs_step"), type_="check")
            epochs.alter_column("epoch", type_=sa.Integer(), existing_type=sa.BigInteger(), existing_nullable=False)
            epochs.alter_column("val_accuracy", existing_type=sa.Double(), nullable=False)
            epochs.create_check_constraint(op.f("ck_scyc_epochs_epoch"), sa.text("epoch >= 0"))
            epochs.create_check_constraint(op.f("ck_scyc_epochs_val_accuracy"), sa.text(_fraction("val_accuracy")))
        with op.batch_alter_table("scyc_trials", table_kwargs={"sqlite_autoincrement": True}) as trials:
            for name in _AFTER:
                trials.drop_constraint(op.f(f"ck_scyc_trials_{name}"), type_="check")
            trials.drop_column("spent")
            for name, rule in _BEFORE.items():
                trials.create_check_constraint(op.f(f"ck_scyc_trials_{name}"), sa.text(rule))
    op.execute(_curve("val_accuracy", "test_accuracy"))
    op.execute(_summary("val_accuracy", "test_accuracy"))


def _drop_views() -> None:
    op.execute("DROP VIEW scyc_trial_summary")
    op.execute("DROP VIEW scyc_oracle_curve")
