"""What the HTTP API answers, field by field. The description at `/api/v1/openapi.json` is made from these models.

Numbers that are not known, or not finite, are null. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

StudyState = Literal["waiting", "running", "pausing", "cancelling", "finished", "blocked", "unreadable"]
TrialState = Literal["pending", "complete", "failed", "stopped"]


class Answer(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True)


class Error(Answer):
    """Why a request was refused."""

    error: str = Field(description="A full sentence: what is wrong, and what to do.")


class Session(Answer):
    """What a visitor may do."""

    writes: bool = Field(description="Whether studies may be changed.")
    version: str
    token_needed: bool


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
