"""The tables. Every change here needs a migration beside `studies/migrations/versions`.

The names carry a prefix because other tools keep tables called `studies` and `trials` in the same database.
Floats are doubles, so that a `max_lr` comes back as the very number that went in.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from studies.metadata import FORMERLY, UtcDateTime, belongs_to, metadata

studies = Table(
    "scyc_studies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("spec_hash", String(64), nullable=False),
    Column("artifacts", Text, nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,  # the id of a deleted study is never given to another one
)

spec_history = Table(
    "scyc_spec_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", Integer, belongs_to("scyc_studies.id"), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("spec_hash", String(64), nullable=False),
    Column("superseded_at", UtcDateTime, nullable=False),
    Index("ix_scyc_spec_history_study_id", "study_id"),
)

leases = Table(
    "scyc_leases",
    metadata,
    Column("study_id", Integer, belongs_to("scyc_studies.id"), primary_key=True, autoincrement=False),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text),  # NULL once it was given back
    Column("acquired_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("stop", String(16)),  # "pause" or "cancel", once somebody has asked the holder to stop
    Column("stop_seen_at", UtcDateTime),
    CheckConstraint("token > 0", name="token"),
)

launches = Table(  # of drivers; the study may not be there yet
    "scyc_launches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("study", String(255), nullable=False),
    Column("action", String(16), nullable=False),
    Column("request", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", Text),
    Column("token", BigInteger),  # of its driver's lease
    Column("created_at", UtcDateTime, nullable=False),
    Column("began_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    CheckConstraint(
        "state IN ('accepted', 'driving', 'ended', 'stopped', 'refused', 'withdrawn')",
        name="state",
    ),
    CheckConstraint("state <> 'driving' OR token IS NOT NULL", name="token"),
    CheckConstraint(
        "(state IN ('ended', 'stopped', 'refused', 'withdrawn')) = (ended_at IS NOT NULL)",
        name="ended_at",
    ),
    Index("ix_scyc_launches_study", "study"),
)

artifact_stores = Table(
    "scyc_artifact_stores",
    metadata,
    Column("artifacts", Text, primary_key=True),  # as in `studies`, which may have several with the same
    Column("id", String(32), nullable=False),  # the store has the same
    UniqueConstraint("id"),
)

runs = Table(
    "scyc_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", Integer, belongs_to("scyc_studies.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("wall_seconds", Double, nullable=False),
    Column("policy", JSON(none_as_null=True)),  # NULL of the oracle's run, which has none
    UniqueConstraint("study_id", "name"),
    CheckConstraint("wall_seconds >= 0", name="wall_seconds"),
    sqlite_autoincrement=True,
)

levels = Table(
    "scyc_levels",
    metadata,
    Column("run_id", Integer, belongs_to("scyc_runs.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("density", Double, nullable=False),
    Column("winner", Double, nullable=False),
    Column("edge", Boolean, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    CheckConstraint("level >= 0", name="level"),
    CheckConstraint("density > 0 AND density <= 1", name="density"),
    CheckConstraint("winner > 0", name="winner"),
)

level_history = Table(
    "scyc_level_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, belongs_to("scyc_runs.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("density", Double, nullable=False),
    Column("winner", Double, nullable=False),
    Column("edge", Boolean, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("superseded_at", UtcDateTime, nullable=False),
    Index("ix_scyc_level_history_run_id", "run_id"),
)

_MEASURED = ("diverged", "density", "seconds", "checkpoint")
_COMPLETE = " AND ".join(f"{column} IS NOT NULL" for column in _MEASURED)
_UNKNOWN = " AND ".join(f"{column} IS NULL" for column in _MEASURED)
_STOPPED = " AND ".join(f"{column} IS {'NOT ' * (column == 'seconds')}NULL" for column in _MEASURED)

trials = Table(
    "scyc_trials",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, belongs_to("scyc_runs.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("max_lr", Double, nullable=False),
    Column("parent", String(64), nullable=False),  # '' at level 0: NULLs would slip past UNIQUE
    Column("round", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("val", Double, info={FORMERLY: "val_accuracy"}),
    Column("test", Double, info={FORMERLY: "test_accuracy"}),
    Column("val_loss", Double),
    Column("test_loss", Double),
    Column("train_loss", Double),
    Column("diverged", Boolean),
    Column("density", Double),
    Column("seconds", Double),
    Column("checkpoint", String(64)),
    Column("rewind_point", String(64)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("spec_hash", String(64), nullable=False, server_default=""),
    Column("stop_epoch", Integer),
    Column("stop_below", Double),
    Column("spent", Double),
    UniqueConstraint("run_id", "level", "seed", "max_lr", "parent", "spec_hash"),
    CheckConstraint("level >= 0", name="level"),
    CheckConstraint("round >= 0", name="round"),
    CheckConstraint("max_lr > 0", name="max_lr"),
    CheckConstraint("state IN ('pending', 'complete', 'failed', 'stopped')", name="state"),
    CheckConstraint("(state = 'pending') = (finished_at IS NULL)", name="pending"),
    CheckConstraint("state <> 'failed' OR error IS NOT NULL", name="failed"),
    CheckConstraint("state NOT IN ('complete', 'stopped') OR error IS NULL", name="error"),
    CheckConstraint("attempts >= 0", name="attempts"),
    CheckConstraint(
        f"(state = 'complete' AND {_COMPLETE}) OR (state = 'stopped' AND {_STOPPED}) "
        f"OR (state NOT IN ('complete', 'stopped') AND {_UNKNOWN})",
        name="complete",
    ),
    CheckConstraint("(stop_epoch IS NULL) = (stop_below IS NULL)", name="stop"),
    CheckConstraint("state <> 'stopped' OR stop_epoch IS NOT NULL", name="stopped"),
    CheckConstraint("stop_epoch >= 0", name="stop_epoch"),
    CheckConstraint("density > 0 AND density <= 1", name="density"),
    CheckConstraint("seconds >= 0", name="seconds"),
    CheckConstraint("spent >= 0", name="spent"),
    Index("ix_scyc_trials_state", "run_id", "state"),
    Index("ix_scyc_trials_finished_at", "run_id", "finished_at"),
    sqlite_autoincrement=True,
)

epochs = Table(
    "scyc_epochs",
    metadata,
    Column("trial_id", Integer, belongs_to("scyc_trials.id"), primary_key=True),
    Column("step", BigInteger, primary_key=True, info={FORMERLY: "epoch"}),
    Column("train_loss", Double),
    Column("val_loss", Double),
    Column("val", Double, info={FORMERLY: "val_accuracy"}),
    CheckConstraint("step >= 0", name="step"),
)

checkpoints = Table(
    "scyc_checkpoints",
    metadata,
    Column("trial_id", Integer, belongs_to("scyc_trials.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("parent", String(64)),
    CheckConstraint("kind IN ('trained', 'rewind')", name="kind"),
    CheckConstraint("size >= 0", name="size"),
    Index("ix_scyc_checkpoints_hash", "hash"),
)

gradients = Table(
    "scyc_gradients",
    metadata,
    Column("trial_id", Integer, belongs_to("scyc_trials.id"), primary_key=True),
    Column("point", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("mean", Double, nullable=False),
    Column("std", Double, nullable=False),
    Column("kurtosis", Double),  # NULL where all are equal
    Column("quantiles", JSON, nullable=False),
    Column("histogram", JSON, nullable=False),
    CheckConstraint("count > 0", name="count"),
    CheckConstraint("std >= 0", name="std"),
)

answers = Table(
    "scyc_answers",
    metadata,
    Column("trial_id", Integer, belongs_to("scyc_trials.id"), primary_key=True),
    Column("split", String(16), primary_key=True),
    Column("examples", Integer, nullable=False),
    Column("bits", LargeBinary, nullable=False),  # compressed, one for each example
    CheckConstraint("split IN ('validation', 'test')", name="split"),
    CheckConstraint("examples > 0", name="examples"),
)

machines = Table(  # studies share them
    "scyc_machines",
    metadata,
    Column("hash", String(64), primary_key=True),
    *(
        Column(name, Text, nullable=False)
        for name in ("device", "capability", "vendor", "family", "model", "processor")
    ),
    Column("threads", Integer, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("torch", "build", "settings")),
    *(Column(name, Text, nullable=False) for name in ("gpu", "gpu_capability", "driver", "cuda", "cudnn")),
    CheckConstraint("threads > 0", name="threads"),
)

trial_machines = Table(
    "scyc_trial_machines",
    metadata,
    Column("trial_id", Integer, belongs_to("scyc_trials.id"), primary_key=True),
    Column("machine", String(64), ForeignKey("scyc_machines.hash"), nullable=False),
    Column("started_at", UtcDateTime),  # NULL, as are the workers, of a version that did not record this
    Column("workers", Integer),
)

measurements = Table(
    "scyc_measurements",
    metadata,
    Column("run_id", Integer, belongs_to("scyc_runs.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("seed", BigInteger, primary_key=True),
    Column("parent", String(64), primary_key=True),  # '' at level 0
    Column("value", Double, nullable=False),
    Column("epochs", Double, nullable=False),
    CheckConstraint("level >= 0", name="level"),
    CheckConstraint("epochs >= 0", name="epochs"),
)
