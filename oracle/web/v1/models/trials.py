"""Trials."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from oracle.web.v1.models.answer import Answer

TrialState = Literal["pending", "complete", "failed", "stopped"]


class Trial(Answer):
    """A trial."""

    id: int
    run: str
    level: int
    seed: int
    max_lr: float
    state: TrialState
    val: float | None
    test: float | None
    seconds: float | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    error: str | None = Field(description="Last line of why it failed, or why its last attempt did.")


class Trials(Answer):
    """Some of a study's trials."""

    trials: list[Trial]
    next: int | None = Field(description="Give this as `after` to get more; null if there are no more.")


class Epoch(Answer):
    """A point of a learning curve."""

    step: int
    val: float | None
    val_loss: float | None
    train_loss: float | None
    lr: float | None = Field(description="Learning rate at the end of the epoch.")


class WholeTrial(Trial):
    """A trial with all that is known of it."""

    error: str | None = Field(description="Why it failed, or why its last attempt did: the whole traceback.")
    machine: str | None
    parent: str | None = Field(description="Hash of the weights that it starts from.")
    epochs: list[Epoch] = Field(description="Its learning curve, at most 500 points.")
