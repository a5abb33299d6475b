from .artifacts import Artifacts
from .critical import in_critical_section, uninterruptible
from .database import database_file, engine_url, upgrade
from .errors import LeaseLost, StudyBusy, StudyError, StudyExists, StudyNotFound, StudyUnavailable
from .ownership import claim, retire
from .records import (
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
from .store import Store
from .transfer import Tables, columns

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
    "claim",
    "columns",
    "database_file",
    "engine_url",
    "in_critical_section",
    "retire",
    "uninterruptible",
    "upgrade",
]
