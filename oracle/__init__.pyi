from .api.entry import import_study, open_study, replay, studies, sweep
from .api.errors import (
    InputError,
    StudyBusy,
    StudyError,
    StudyNotFound,
    StudyStopped,
    StudyUnavailable,
    TrialsFailed,
    WorkersEnded,
)
from .api.study import Study
from .execution.options import ExecutionOptions
from .spec.files import load_spec
from .spec.metric import Metric
from .spec.model import Spec
from .spec.presets import preset, preset_names

__all__ = [
    "ExecutionOptions",
    "InputError",
    "Metric",
    "Spec",
    "Study",
    "StudyBusy",
    "StudyError",
    "StudyNotFound",
    "StudyStopped",
    "StudyUnavailable",
    "TrialsFailed",
    "WorkersEnded",
    "import_study",
    "load_spec",
    "open_study",
    "preset",
    "preset_names",
    "replay",
    "studies",
    "sweep",
]
