"""Views for queries in SQL; `studies/views.py` says what their columns mean."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

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

_ORACLE_CURVE = f"""
CREATE VIEW scyc_oracle_curve AS
WITH RECURSIVE line (run_id, level, seed, checkpoint, val_accuracy, test_accuracy) AS (
    SELECT trials.run_id, trials.level, trials.seed, trials.checkpoint, trials.val_accuracy, trials.test_accuracy
    FROM scyc_runs AS runs
    JOIN scyc_levels AS levels ON levels.run_id = runs.id AND levels.level = 0
    JOIN scyc_trials AS trials ON trials.run_id = levels.run_id AND trials.level = 0 AND trials.max_lr = levels.winner
    WHERE runs.name = 'oracle' AND trials.state = 'complete' AND {_NEWEST}
    UNION ALL
    SELECT trials.run_id, trials.level, trials.seed, trials.checkpoint, trials.val_accuracy, trials.test_accuracy
    FROM line
    JOIN scyc_levels AS levels ON levels.run_id = line.run_id AND levels.level = line.level + 1
    JOIN scyc_trials AS trials
        ON trials.run_id = line.run_id AND trials.level = levels.level AND trials.seed = line.seed
        AND trials.max_lr = levels.winner AND trials.parent = line.checkpoint
    WHERE trials.state = 'complete' AND {_NEWEST}
)
SELECT studies.name AS study, levels.level, levels.density, levels.winner, levels.edge,
       AVG(line.val_accuracy) AS mean_val_accuracy, AVG(line.test_accuracy) AS mean_test_accuracy,
       COUNT(line.seed) AS seeds
FROM scyc_studies AS studies
JOIN scyc_runs AS runs ON runs.study_id = studies.id AND runs.name = 'oracle'
JOIN scyc_levels AS levels ON levels.run_id = runs.id
LEFT JOIN line ON line.run_id = levels.run_id AND line.level = levels.level
GROUP BY studies.name, levels.level, levels.density, levels.winner, levels.edge
"""

_TRIAL_SUMMARY = """
CREATE VIEW scyc_trial_summary AS
SELECT studies.name AS study, runs.name AS run, trials.id AS trial, trials.level, trials.seed, trials.max_lr,
       trials.round, trials.state, trials.attempts, trials.error, trials.val_accuracy, trials.test_accuracy,
       trials.val_loss, trials.test_loss, trials.train_loss, trials.diverged, trials.density, trials.seconds,
       trials.max_lr = levels.winner AS won, trials.created_at, trials.finished_at, trials.parent,
       trials.checkpoint, trials.rewind_point, trials.spec_hash
FROM scyc_trials AS trials
JOIN scyc_runs AS runs ON runs.id = trials.run_id
JOIN scyc_studies AS studies ON studies.id = runs.study_id
LEFT JOIN scyc_levels AS levels ON levels.run_id = trials.run_id AND levels.level = trials.level
"""


def upgrade() -> None:
    """Go one revision forward."""
    op.execute(_ORACLE_CURVE)
    op.execute(_TRIAL_SUMMARY)


def downgrade() -> None:
    """Go one revision back."""
    op.execute("DROP VIEW scyc_trial_summary")
    op.execute("DROP VIEW scyc_oracle_curve")
