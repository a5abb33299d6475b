"""The memory of a sweep: studies, runs, levels and trials in an SQL database, weights in an artifact store.

>>> from studies import NewTrial, Store
>>> with Store.open("sqlite://") as store:
...     study = store.create_study("demo", spec={}, spec_hash="0", artifacts="memory://demo", provenance={})
...     run = store.open_run(study.id, "oracle")
...     [trial] = store.add_trials(run.id, [NewTrial(level=0, seed=0, max_lr=0.1, parent=None, round=0)])
...     trial.state
'pending'
"""

from studies.artifacts import Artifacts
from studies.critical import in_critical_section, uninterruptible
from studies.database import engine_url, upgrade
from studies.errors import LeaseLost, StudyBusy, StudyError, StudyExists, StudyNotFound, StudyUnavailable
from studies.records import (
    CheckpointKind,
    CheckpointRecord,
    EpochRecord,
    FinishedTrial,
    GradientRecord,
    Lease,
    LevelRecord,
    MeasurementRecord,
    NewCheckpoint,
    NewTrial,
    RunRecord,
    SpecRecord,
    StudyRecord,
    TenureRecord,
    TrialRecord,
    TrialResult,
    TrialState,
)
from studies.store import Store
from studies.transfer import Tables, columns

__all__ = [
    "Artifacts",
    "CheckpointKind",
    "CheckpointRecord",
    "EpochRecord",
    "FinishedTrial",
    "GradientRecord",
    "Lease",
    "LeaseLost",
    "LevelRecord",
    "MeasurementRecord",
    "NewCheckpoint",
    "NewTrial",
    "RunRecord",
    "SpecRecord",
    "Store",
    "StudyBusy",
    "StudyError",
    "StudyExists",
    "StudyNotFound",
    "StudyRecord",
    "StudyUnavailable",
    "Tables",
    "TenureRecord",
    "TrialRecord",
    "TrialResult",
    "TrialState",
    "columns",
    "engine_url",
    "in_critical_section",
    "uninterruptible",
    "upgrade",
]
