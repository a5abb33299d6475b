from .api.entry import import_study, open_study, replay, studies, sweep
from .api.errors import (
    InputError,
    StoppedOnRequest,
    StudyBusy,
    StudyError,
    StudyNotFound,
    StudyStopped,
    StudyUnavailable,
    TrialsFailed,
    WorkersEnded,
)
from .api.searching import search
from .api.study import Study
from .execution.options import ExecutionOptions
from .spec.files import load_spec
from .spec.metric import Metric
from .spec.model import Spec
from .spec.presets import preset, preset_names
from .trials.current import current_trial
from .trials.trial import Stop, Trial

__all__ = [
    "ExecutionOptions",
    "InputError",
    "Metric",
    "Spec",
    "Stop",
    "StoppedOnRequest",
    "Study",
    "StudyBusy",
    "StudyError",
    "StudyNotFound",
    "StudyStopped",
    "StudyUnavailable",
    "Trial",
    "TrialsFailed",
    "WorkersEnded",
    "current_trial",
    "import_study",
    "load_spec",
    "open_study",
    "preset",
    "preset_names",
    "replay",
    "search",
    "studies",
    "sweep",
]
