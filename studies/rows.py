"""Between records and rows of the tables."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from studies.records import TrialRecord, TrialResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from studies.records import CheckpointRecord, EpochRecord, GradientRecord, NewCheckpoint, NewTrial

KEY = ("level", "seed", "max_lr", "parent", "spec_hash")
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


def _finite_or_none(name: str, value: float | None) -> float | None:
    return None if value is None else finite(name, value)


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


def result_values(result: TrialResult) -> dict[str, Any]:
    """Return the columns of a trial that its result fills.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return {
        "val_accuracy": finite("val_accuracy", result.val_accuracy),
        "test_accuracy": finite("test_accuracy", result.test_accuracy),
        "val_loss": _finite_or_none("val_loss", result.val_loss),
        "test_loss": _finite_or_none("test_loss", result.test_loss),
        "train_loss": _finite_or_none("train_loss", result.train_loss),
        "diverged": bool(result.diverged),
        "density": finite("density", result.density),
        "seconds": finite("seconds", result.seconds),
        "checkpoint": result.checkpoint,
        "rewind_point": result.rewind_point,
    }


def epoch_values(trial_id: int, epochs: Sequence[EpochRecord]) -> list[dict[str, Any]]:
    """Return the rows of a learning curve.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return [
        {
            "trial_id": trial_id,
            "epoch": int(epoch.epoch),
            "train_loss": _finite_or_none(f"train_loss of epoch {epoch.epoch}", epoch.train_loss),
            "val_loss": _finite_or_none(f"val_loss of epoch {epoch.epoch}", epoch.val_loss),
            "val_accuracy": finite(f"val_accuracy of epoch {epoch.epoch}", epoch.val_accuracy),
        }
        for epoch in epochs
    ]


def gradient_values(trial_id: int, gradients: Sequence[GradientRecord]) -> list[dict[str, Any]]:
    """Return the rows of a trial's gradients.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return [
        {
            "trial_id": trial_id,
            "point": gradient.point,
            "count": int(gradient.count),
            "mean": finite("The mean gradient", gradient.mean),
            "std": finite("The standard deviation of the gradients", gradient.std),
            "kurtosis": _finite_or_none("The kurtosis of the gradients", gradient.kurtosis),
            "quantiles": [finite("A quantile of the gradients", quantile) for quantile in gradient.quantiles],
            "histogram": [int(count) for count in gradient.histogram],
        }
        for gradient in gradients
    ]


def checkpoint_values(trial_id: int, checkpoints: Sequence[NewCheckpoint | CheckpointRecord]) -> list[dict[str, Any]]:
    """Return the rows of a trial's checkpoints."""
    return [
        {"trial_id": trial_id, "kind": c.kind, "hash": c.hash, "size": int(c.size), "parent": c.parent}
        for c in checkpoints
    ]


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
        max_lr=row.max_lr,
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
