"""Between records and rows of the tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studies.records import TrialRecord, TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row

    from studies.records import CheckpointRecord, EpochRecord, FinishedTrial, NewCheckpoint, NewTrial

KEY = ("level", "seed", "max_lr", "parent", "spec_hash")
Columns = Mapping[str, Sequence[Any]]  # by name, all of equal length: an item for each row
TrialKey = tuple[int, int, float, str, str]  # parent is '' for none


def finite(name: str, value: float) -> float:
    """Return `value` as a Python float.

    Raises:
        ValueError: it is NaN or infinite.
    """
    number = float(value)  # also for NumPy scalars, which SQLite would store as raw bytes
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; only finite numbers are stored (None where a loss is not).")
    return number


def plain_json(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return `value` if it is plain JSON.

    Raises:
        ValueError: it holds NaN, infinity or something that JSON cannot say.
    """
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not plain JSON: {error}.") from error
    return dict(value)


def plain_text(text: str) -> str:
    """Return a text without what not every database takes (NUL, lone surrogates): a crash may print anything."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def trial_key(trial: NewTrial) -> TrialKey:
    """Return what makes a trial one of its kind within a run.

    Raises:
        ValueError: its `max_lr` is NaN or infinite.
    """
    return int(trial.level), int(trial.seed), finite("max_lr", trial.max_lr), trial.parent or "", trial.spec_hash


def trial_columns(trials: Mapping[TrialKey, NewTrial]) -> Columns:
    """Return trials to be added, by their keys."""
    columns = dict(zip(KEY, zip(*trials, strict=True), strict=False))
    return {**columns, "round": [int(trial.round) for trial in trials.values()]}


def result_columns(finished: Sequence[FinishedTrial]) -> Columns:
    """Return the ids of trials, and the columns that their results fill.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    results = [trial.result for trial in finished]
    return {
        "id": [int(trial.id) for trial in finished],
        **_numbers(results, ("val_accuracy", "test_accuracy", "density", "seconds")),
        **_numbers(results, ("val_loss", "test_loss", "train_loss"), nullable=True),
        "diverged": [bool(result.diverged) for result in results],
        "checkpoint": [result.checkpoint for result in results],
        "rewind_point": [result.rewind_point for result in results],
    }


def epoch_columns(finished: Sequence[FinishedTrial]) -> Columns:
    """Return the learning curves of trials.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    epochs = [epoch for trial in finished for epoch in trial.result.epochs]
    return {
        "trial_id": [int(trial.id) for trial in finished for _ in trial.result.epochs],
        "epoch": [int(epoch.epoch) for epoch in epochs],
        **_numbers(epochs, ("train_loss", "val_loss"), nullable=True),
        **_numbers(epochs, ("val_accuracy",)),
    }


def gradient_columns(finished: Sequence[FinishedTrial]) -> Columns:
    """Return the gradients of trials.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    gradients = [gradient for trial in finished for gradient in trial.result.gradients]
    return {
        "trial_id": [int(trial.id) for trial in finished for _ in trial.result.gradients],
        "point": [gradient.point for gradient in gradients],
        "count": [int(gradient.count) for gradient in gradients],
        **_numbers(gradients, ("mean", "std")),
        **_numbers(gradients, ("kurtosis",), nullable=True),
        "quantiles": [[finite("quantile", value) for value in gradient.quantiles] for gradient in gradients],
        "histogram": [[int(count) for count in gradient.histogram] for gradient in gradients],
    }


def checkpoint_columns(trials: Sequence[tuple[int, Sequence[NewCheckpoint | CheckpointRecord]]]) -> Columns:
    """Return the checkpoints of trials."""
    kept = [(trial_id, checkpoint) for trial_id, checkpoints in trials for checkpoint in checkpoints]
    return {
        "trial_id": [int(trial_id) for trial_id, _ in kept],
        "kind": [checkpoint.kind for _, checkpoint in kept],
        "hash": [checkpoint.hash for _, checkpoint in kept],
        "size": [int(checkpoint.size) for _, checkpoint in kept],
        "parent": [checkpoint.parent for _, checkpoint in kept],
    }


def _numbers(records: Sequence[Any], names: Iterable[str], *, nullable: bool = False) -> Columns:
    """Return some attributes of records as Python's floats.

    Raises:
        ValueError: one is NaN or infinite.
    """
    columns: dict[str, list[float | None]] = {}
    for name in names:
        values = [getattr(record, name) for record in records]
        columns[name] = [finite(name, value) if value is not None or not nullable else None for value in values]
    return columns


def trial_record(row: Row[Any], epochs: Sequence[EpochRecord] = ()) -> TrialRecord:
    """Return a trial from its row."""
    result = None
    if row.state == "complete":
        result = TrialResult(
            val_accuracy=row.val_accuracy,
            test_accuracy=row.test_accuracy,
            val_loss=row.val_loss,
            test_loss=row.test_loss,
            train_loss=row.train_loss,
            diverged=row.diverged,
            density=row.density,
            seconds=row.seconds,
            checkpoint=row.checkpoint,
            rewind_point=row.rewind_point,
            epochs=tuple(epochs),
        )
    return TrialRecord(
        id=row.id,
        run_id=row.run_id,
        level=row.level,
        seed=row.seed,
        max_lr=float(row.max_lr),  # where SQLite returns what it just wrote, 1.0 is 1
        parent=row.parent or None,
        round=row.round,
        state=row.state,
        result=result,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        spec_hash=row.spec_hash,
    )
