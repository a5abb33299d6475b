"""Server-sent events."""

from __future__ import annotations

from pydantic import Field

from oracle.web.v1.models.answer import Answer
from oracle.web.v1.models.studies import Summary
from oracle.web.v1.models.trials import Trial

MOST_STUDIES = 500
"""How many studies an event lists at most, the latest."""


class StudiesEvent(Answer):
    """The event `studies`."""

    studies: list[Summary]


class Changed(Answer):
    """What has changed since the event before."""

    levels: bool
    trials: bool
    lease: bool
    launches: bool
    spec: bool


class StudyEvent(Answer):
    """The event `study`."""

    summary: Summary
    cursor: str
    decided: int
    changed: Changed


class Gone(Answer):
    """The event `gone`: the study was deleted."""

    id: int


class TrialsEvent(Answer):
    """The event `trials`: those that ended, the latest last."""

    trials: list[Trial]
    more: bool = Field(description="More have ended than are listed.")
