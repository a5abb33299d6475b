"""Studies, what they found and what they are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from oracle.web.v1.models.answer import Answer
from oracle.web.v1.models.launches import Launch

StudyState = Literal["waiting", "running", "pausing", "cancelling", "finished", "blocked", "unreadable"]


class Counts(Answer):
    """Numbers of trials."""

    done: int = Field(description="Complete ones.")
    stopped: int = Field(description="Stopped early.")
    pending: int
    failed: int
    total: int = Field(description="Of the whole sweep, as far as it is known.")


class Summary(Answer):
    """How far a study is."""

    id: int
    name: str
    state: StudyState
    workload: str | None = None
    levels: int = 0
    decided: int = Field(default=0, description="Number of decided levels.")
    trials: Counts = Counts(done=0, stopped=0, pending=0, failed=0, total=0)
    holder: str | None = Field(default=None, description="Who drives the study.")
    heartbeat_seconds_ago: float | None = None
    seconds_left: float | None = Field(default=None, description="By the driver's pace so far.")
    started: str | None = None
    error: str | None = Field(default=None, description="Why an unreadable study cannot be read.")


class Studies(Answer):
    """Some of the studies, oldest first."""

    studies: list[Summary]
    next: int | None = Field(description="Give this as `after` to get more; null if there are no more.")


class Metric(Answer):
    """What trainings are judged by."""

    name: str
    goal: Literal["max", "min"]
    tolerance: float
    format: Literal["percent", "plain"]
    digits: int


class CostSoFar(Answer):
    """What a study has cost."""

    seconds: float = Field(description="Computing, summed over trials.")
    epochs: float = Field(description="Trained by all trials together, or the study's own unit.")
    unit: str
    wall_seconds: float = Field(description="That drivers have spent on it, as far as it is recorded.")


class Activity(Answer):
    """What is going on in a study."""

    workers: int | None = Field(description="Of the latest trial that says it; null if none runs.")
    trials_per_minute: float | None = Field(description="Over the last five minutes; null if none runs.")


class Study(Summary):
    """A study."""

    metric: Metric
    rate: float = Field(description="Fraction of the remaining weights that a level prunes.")
    rules: list[str] = Field(description="Rules of intervals.")
    default_rule: str
    profile: dict[str, Any] = Field(description="The learning rate within a level.")
    cost: CostSoFar
    activity: Activity
    failures: int = Field(description="Number of failed trials.")
    launch: Launch | None = Field(description="The latest that was asked for over HTTP.")
    provenance: dict[str, Any]
    cursor: str = Field(description="What `events` sends changes since.")


class Interval(Answer):
    """A range of max_lr that is as good as the winner."""

    low: float
    high: float
    low_open: bool = Field(description="The candidates do not reach the lower end.")
    high_open: bool


class Best(Answer):
    """The best max_lr of a level by the model of the surface, with a band that holds it with 90 %."""

    max_lr: float
    low: float
    high: float


class CurveLevel(Answer):
    """A decided level of the oracle curve."""

    level: int
    density: float
    network_density: float | None
    winner: float | None = Field(description="Null at a silent level.")
    edge: bool
    silence: str | None
    best: Best | None
    intervals: dict[str, Interval | None] = Field(description="By rule.")


class Curve(Answer):
    """The oracle curve."""

    cursor: str
    levels: list[CurveLevel]
    note: str | None = Field(default=None, description="What is left out, and why.")
    partial: bool = Field(default=False, description="What is left out is being worked out: ask again in a moment.")


class Figure(Answer):
    """A figure of the report."""

    name: str
    title: str
    caption: str
    note: str
    figure: dict[str, Any] | None = Field(description="Plotly JSON; null if there is nothing to draw yet.")


class Cell(Answer):
    """A candidate at a level, over the seeds."""

    max_lr: float
    val: float | None = Field(description="Mean over the seeds that have finished, in the metric's units.")
    trials: int
    pending: int
    failed: int
    stopped: int
    diverged: int


class SurfaceLevel(Answer):
    """The candidates of a level."""

    level: int
    density: float
    cells: list[Cell]


class Surface(Answer):
    """What every candidate reached at every level."""

    cursor: str
    levels: list[SurfaceLevel]


class StudySpec(Answer):
    """A study's spec."""

    toml: str
    values: dict[str, Any]


class Preset(Answer):
    """A paper's protocol."""

    name: str
    toml: str
    about: str


class Presets(Answer):
    """The presets."""

    presets: list[Preset]
