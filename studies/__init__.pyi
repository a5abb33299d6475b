from .artifacts import Artifacts
from .critical import in_critical_section, uninterruptible
from .database import upgrade
from .errors import LeaseLost, NoDatabase, StudyBusy, StudyError, StudyExists, StudyNotFound, StudyUnavailable
from .folders import is_folder, put_folder, view_folder
from .machine import MachineRecord
from .ownership import claim, retire
from .records import (
    AnswersRecord,
    CheckpointKind,
    CheckpointRecord,
    EpochRecord,
    FinishedTrial,
    GradientRecord,
    MeasurementRecord,
    NewCheckpoint,
    NewTrial,
    SplitName,
    StartRecord,
    StoppedTraining,
    StoppedTrial,
    TrialRecord,
    TrialResult,
    TrialState,
)
from .store import Store
from .study_records import Lease, LevelRecord, RunRecord, SpecRecord, StudyRecord, TenureRecord
from .transfer import Tables, columns
from .urls import database_file, engine_url, holds_password, is_in_memory, public_url

__all__ = [
    "AnswersRecord",
    "Artifacts",
    "CheckpointKind",
    "CheckpointRecord",
    "EpochRecord",
    "FinishedTrial",
    "GradientRecord",
    "Lease",
    "LeaseLost",
    "LevelRecord",
    "MachineRecord",
    "MeasurementRecord",
    "NewCheckpoint",
    "NewTrial",
    "NoDatabase",
    "RunRecord",
    "SpecRecord",
    "SplitName",
    "StartRecord",
    "StoppedTraining",
    "StoppedTrial",
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
    "holds_password",
    "in_critical_section",
    "is_folder",
    "is_in_memory",
    "public_url",
    "put_folder",
    "retire",
    "uninterruptible",
    "upgrade",
    "view_folder",
]
