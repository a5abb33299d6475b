"""Schedules and verdicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oracle.web.v1.models.answer import Answer


class Slider(Answer):
    """A range for a parameter, and where it starts."""

    low: float
    high: float
    value: float


class Parameters(Answer):
    """Parameters of S-Cyc."""

    delta: float
    epsilon: float
    beta: float
    q: int
    p: float


class Schedule(Answer):
    """A schedule that can be compared with the oracle."""

    name: str
    code: str = Field(description="A line of Python.")
    kind: Literal["s-cyc"] | None
    parameters: Parameters | None
    max_lrs: list[float] = Field(description="By level.")


class Schedules(Answer):
    """The schedules of a study."""

    schedules: list[Schedule]
    sliders: dict[str, Slider]
    start: str = Field(description="Name of the schedule that the sliders begin with.")
    note: str | None = None


class VerdictLevel(Answer):
    """A schedule at a level."""

    level: int
    max_lr: float
    inside: bool | None
    off: float | None = Field(description="How far it is from the interval as a factor; 1 inside.")
    regret: float | None = Field(description="What it loses, in the metric's units.")


class Verdict(Answer):
    """A schedule against the oracle."""

    schedule: str
    code: str = Field(description="A line of Python.")
    command: str = Field(description="A command that trains it.")
    sentence: str
    hits: int
    judged: int
    mean_regret: float | None
    levels: list[VerdictLevel]
