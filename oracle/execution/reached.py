"""What a training of a built-in workload reached, as the columns of its trial: the metric is its accuracy or loss."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from studies import EpochRecord, TrialResult

if TYPE_CHECKING:
    from scyc.training.result import Training


def curve_of(training: Training, metric: str) -> tuple[EpochRecord, ...]:
    """Return the learning curve of a training.

    Args:
        training: what was trained.
        metric: "accuracy" or "loss".
    """
    return tuple(
        EpochRecord(
            epoch.epoch, epoch.train_loss, epoch.val_loss, epoch.val_loss if metric == "loss" else epoch.val_accuracy
        )
        for epoch in training.epochs
    )


def columns_of(training: Training, metric: str) -> dict[str, Any]:
    """Return the columns of a trial that its training, or the training's last epoch, knows.

    They are `val` and `test`, and those that it has under the same name. Arguments as above.
    """
    names = [column.name for column in fields(TrialResult)]
    same = {
        name: getattr(source, name)
        for source in (training.epochs[-1], training)
        for name in names
        if hasattr(source, name)
    }
    by_loss = metric == "loss"
    return same | {
        "val": training.val_loss if by_loss else training.val_accuracy,
        "test": training.test_loss if by_loss else training.test_accuracy,
    }
