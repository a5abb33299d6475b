"""What one training gives: its metrics, and the network as it was when it mattered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch

    from scyc.gradients import GradientSummary

State: TypeAlias = "dict[str, torch.Tensor]"
"""Tensors by name, a network's parameters and buffers for instance."""


@dataclass(frozen=True)
class EpochMetrics:
    """Where training stood after an epoch. A loss that is not finite is None; accuracies are fractions."""

    epoch: int
    train_loss: float | None
    val_loss: float | None
    val_accuracy: float


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment of its training.

    Attributes:
        state: parameters and buffers.
        optimizer: what the optimizer remembers, by `kind/parameter`, where a later level continues from it.
    """

    state: State
    optimizer: State | None = None


@dataclass(frozen=True)
class Training:
    """What one training gave.

    Attributes:
        epochs: one entry per epoch trained; validation accuracy of a trial is the last one's, never the best.
        test_accuracy: fraction, measured once, after the last step.
        diverged: the training loss became infinite or NaN (training stopped there), or ended no better than
            guessing, at ln(number of classes) or above.
        early: the network after `rewind_step` steps, if that was asked for.
        last: the network after the last step.
        change: how far the last epoch trained moved the prunable weights, if that was asked for.
        gradients: of the weights that are left, at the points of the training where they could be taken.
    """

    epochs: tuple[EpochMetrics, ...]
    test_loss: float | None
    test_accuracy: float
    diverged: bool
    early: Snapshot | None
    last: Snapshot
    change: State | None = None
    gradients: tuple[GradientSummary, ...] = ()

    @property
    def val_accuracy(self) -> float:
        """Validation accuracy after the last epoch."""
        return self.epochs[-1].val_accuracy
