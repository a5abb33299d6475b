"""The oracle service as a library: which `max_lr` is best at each level of iterative pruning.

>>> import oracle
>>> study = oracle.sweep("sweep.toml", db="sqlite:///scyc.db", workers=2)  # doctest: +SKIP
>>> study = oracle.open_study("demo")  # doctest: +SKIP
>>> study.curve()  # doctest: +SKIP

Importing it is light: PyTorch, SQLAlchemy, pandas, Ray and the rest are imported by the calls that need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from oracle.api.entry import import_study, open_study, studies, sweep
    from oracle.api.errors import (
        InputError,
        StudyBusy,
        StudyError,
        StudyNotFound,
        StudyStopped,
        StudyUnavailable,
        TrialsFailed,
        WorkersEnded,
    )
    from oracle.api.study import Study
    from oracle.execution.options import ExecutionOptions
    from oracle.spec.files import load_spec
    from oracle.spec.model import Spec
    from oracle.spec.presets import preset, preset_names
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "api.entry": ["import_study", "open_study", "studies", "sweep"],
            "api.errors": [
                "InputError",
                "StudyBusy",
                "StudyError",
                "StudyNotFound",
                "StudyStopped",
                "StudyUnavailable",
                "TrialsFailed",
                "WorkersEnded",
            ],
            "api.study": ["Study"],
            "execution.options": ["ExecutionOptions"],
            "spec.files": ["load_spec"],
            "spec.model": ["Spec"],
            "spec.presets": ["preset", "preset_names"],
        },
    )

__all__ = [
    "ExecutionOptions",
    "InputError",
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
    "studies",
    "sweep",
]
