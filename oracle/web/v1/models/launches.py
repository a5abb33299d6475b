"""Answers about launches."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from oracle.web.v1.models.answer import Answer


class Launch(Answer):
    """A driver that was asked for, and what became of it."""

    id: str
    study: str = Field(description="Name of the study.")
    study_id: int | None = Field(description="Number of the study; null as long as it is not there.")
    action: Literal["sweep", "resume", "extend"]
    state: Literal["accepted", "driving", "ended", "stopped", "refused", "withdrawn", "lost"] = Field(
        description=(
            "accepted: no driver has begun. driving: a driver has. ended: it is done. stopped: its driver stopped "
            "before that. refused: it cannot be done. withdrawn: it was paused or cancelled before a driver began. "
            "lost: its driver has gone without a word. Resume the study of one that was stopped or lost."
        )
    )
    message: str | None = Field(description="How it ended.")
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


class Launches(Answer):
    """The latest launches."""

    launches: list[Launch]
