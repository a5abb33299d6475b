"""The rows of a study's tables, each with the range of its values: what an export may hold."""

from __future__ import annotations

import math
from base64 import b64decode
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from scyc.answers import as_text
from scyc.gradients import HISTOGRAM_EDGES, POINTS, QUANTILES

DEEPEST = 32
"""How deep lists and sections of a JSON value may lie in each other."""


def plain(value: Any, depth: int = 0) -> Any:
    """Return a JSON value.

    Raises:
        ValueError: it is nested too deeply, or has a number or a text that a database cannot keep.
    """
    if depth > DEEPEST:
        raise ValueError(f"must not be nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            plain(key, depth)
            plain(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            plain(inner, depth + 1)
    elif isinstance(value, str):
        text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must not have NaN or infinity in it")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("must not have a number of more than 64 bits in it")
    return value


def text(value: str) -> str:
    """Return a text that every database can keep."""
    if "\0" in value or value != value.encode("utf-8", "ignore").decode():
        raise ValueError("must not have a NUL or half a character in it")
    return value


def _time(value: str) -> str:
    when = datetime.fromisoformat(value)
    if when.tzinfo is None:
        raise ValueError("should be a time with its zone")
    try:
        when.astimezone(UTC)
    except OverflowError:
        raise ValueError("should be a time between the years 1 and 9999") from None
    return value


Text = Annotated[str, AfterValidator(text)]
Title = Annotated[Text, Field(min_length=1, max_length=255)]
Time = Annotated[str, AfterValidator(_time)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}\z")]
Parent = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?\z")]
SpecHash = Annotated[Text, Field(max_length=64)]
Number = Annotated[int, Field(ge=1, lt=2**63)]
Small = Annotated[int, Field(ge=0, lt=2**31)]
Large = Annotated[int, Field(ge=0, lt=2**63)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
MaxLr = Annotated[Finite, Field(gt=1e-30, lt=1e30)]
Density = Annotated[Finite, Field(ge=1e-12, le=1)]  # of no network is less than one weight left
Seconds = Annotated[Finite, Field(ge=0, le=1e12)]
Section = Annotated[dict[str, Any], AfterValidator(plain)]


class Row(BaseModel):
    """One row."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StudyRow(Row):
    """Of `studies`."""

    id: Number
    name: Title
    spec: Section
    spec_hash: Hash
    artifacts: Text
    provenance: Section
    created_at: Time


class SpecRow(Row):
    """Of `spec_history`."""

    id: Number
    study_id: Number
    spec: Section
    spec_hash: Hash
    superseded_at: Time


class RunRow(Row):
    """Of `runs`."""

    id: Number
    study_id: Number
    name: Title
    created_at: Time
    wall_seconds: Seconds
    policy: Section | None


class LevelRow(Row):
    """Of `levels`."""

    run_id: Number
    level: Small
    density: Density
    winner: MaxLr
    edge: bool
    decided_at: Time


class FormerLevelRow(LevelRow):
    """Of `level_history`."""

    id: Number
    superseded_at: Time


class TrialRow(Row):
    """Of `trials`."""

    id: Number
    run_id: Number
    level: Small
    seed: Large
    max_lr: MaxLr
    parent: Parent
    round: Small
    state: Literal["pending", "complete", "failed", "stopped"]
    error: Text | None
    created_at: Time
    finished_at: Time | None
    val: Finite | None
    test: Finite | None
    val_loss: Finite | None
    test_loss: Finite | None
    train_loss: Finite | None
    diverged: bool | None
    density: Density | None
    seconds: Seconds | None
    checkpoint: Hash | None
    rewind_point: Hash | None
    attempts: Small
    spec_hash: SpecHash
    stop_epoch: Small | None
    stop_below: Finite | None
    spent: Seconds | None


class EpochRow(Row):
    """Of `epochs`."""

    trial_id: Number
    step: Large
    train_loss: Finite | None
    val_loss: Finite | None
    val: Finite | None


class CheckpointRow(Row):
    """Of `checkpoints`."""

    trial_id: Number
    kind: Literal["trained", "rewind"]
    hash: Hash
    size: Large
    parent: Hash | None


class GradientRow(Row):
    """Of `gradients`."""

    trial_id: Number
    point: Literal[*POINTS]  # type: ignore[valid-type]
    count: Number
    mean: Finite
    std: Annotated[Finite, Field(ge=0)]
    kurtosis: Finite | None
    quantiles: Annotated[list[Finite], Field(min_length=len(QUANTILES), max_length=len(QUANTILES))]
    histogram: Annotated[list[Large], Field(min_length=len(HISTOGRAM_EDGES) + 1, max_length=len(HISTOGRAM_EDGES) + 1)]


class AnswersRow(Row):
    """Of `answers`."""

    trial_id: Number
    split: Literal["validation", "test"]
    examples: Annotated[int, Field(ge=1, lt=2**31)]
    bits: str

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self.bits.isascii():
            raise ValueError("bits should be base64")
        self.correct()
        return self

    def correct(self) -> int:
        """Return how many of the answers are correct."""
        return as_text(b64decode(self.bits, validate=True), self.examples).count("1")


class MachineRow(Row):
    """Of `machines`."""

    hash: Hash
    device: Text
    capability: Text
    vendor: Text
    family: Text
    model: Text
    processor: Text
    threads: Annotated[int, Field(ge=1, lt=2**31)]
    torch: Text
    build: Text
    settings: Text
    gpu: Text
    gpu_capability: Text
    driver: Text
    cuda: Text
    cudnn: Text


class TrialMachineRow(Row):
    """Of `trial_machines`."""

    trial_id: Number
    machine: Hash
    started_at: Time | None
    workers: Annotated[int, Field(ge=1, lt=2**31)] | None


class MeasurementRow(Row):
    """Of `measurements`."""

    run_id: Number
    level: Small
    seed: Large
    parent: Parent
    value: Finite
    epochs: Seconds


ROWS: dict[str, type[Row]] = {
    "studies": StudyRow,
    "spec_history": SpecRow,
    "runs": RunRow,
    "levels": LevelRow,
    "level_history": FormerLevelRow,
    "trials": TrialRow,
    "epochs": EpochRow,
    "checkpoints": CheckpointRow,
    "gradients": GradientRow,
    "answers": AnswersRow,
    "machines": MachineRow,
    "trial_machines": TrialMachineRow,
    "measurements": MeasurementRow,
}
