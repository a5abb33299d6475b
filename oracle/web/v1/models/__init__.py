"""What the HTTP API answers, field by field. The description at `/api/v1/openapi.json` is made from these models.

Numbers that are not known, or not finite, are null. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from oracle.web.v1.models.answer import Answer, Error, Session
from oracle.web.v1.models.events import MOST_STUDIES, Changed, Gone, StudiesEvent, StudyEvent, TrialsEvent
from oracle.web.v1.models.launches import Launch, Launches
from oracle.web.v1.models.schedules import Parameters, Schedule, Schedules, Slider, Verdict, VerdictLevel
from oracle.web.v1.models.studies import (
    Activity,
    Best,
    Cell,
    CostSoFar,
    Counts,
    Curve,
    CurveLevel,
    Figure,
    Interval,
    Metric,
    Preset,
    Presets,
    Studies,
    Study,
    StudySpec,
    StudyState,
    Summary,
    Surface,
    SurfaceLevel,
)
from oracle.web.v1.models.trials import Epoch, Trial, Trials, TrialState, WholeTrial

__all__ = [
    "MOST_STUDIES",
    "Activity",
    "Answer",
    "Best",
    "Cell",
    "Changed",
    "CostSoFar",
    "Counts",
    "Curve",
    "CurveLevel",
    "Epoch",
    "Error",
    "Figure",
    "Gone",
    "Interval",
    "Launch",
    "Launches",
    "Metric",
    "Parameters",
    "Preset",
    "Presets",
    "Schedule",
    "Schedules",
    "Session",
    "Slider",
    "Studies",
    "StudiesEvent",
    "Study",
    "StudyEvent",
    "StudySpec",
    "StudyState",
    "Summary",
    "Surface",
    "SurfaceLevel",
    "Trial",
    "TrialState",
    "Trials",
    "TrialsEvent",
    "Verdict",
    "VerdictLevel",
    "WholeTrial",
]
