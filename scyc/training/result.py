"""What one training gives: its metrics, and the network as it was when it mattered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from scyc.gradients import GradientSummary

State: TypeAlias = "dict[str, torch.Tensor]"
"""Tensors by name, a network's parameters and buffers for instance."""

SplitName: TypeAlias = Literal["validation", "test"]
"""A split that a network is tried on."""


@dataclass(frozen=True)
class EpochMetrics:
    """Where training stood after an epoch. A loss that is not finite is None; accuracies are fractions.

    The last epoch's validation is on all validation examples, the others' on those that are watched
    (`scyc.data.Dataset.watched`).
    """

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
        test_accuracy: fraction, measured once, after the last step; 0 if the training is not `finite`.
        finite: whether the last epoch's losses on the training and the validation data are finite, and all of the
            network's parameters and buffers, but for buffers that were not from the start, such as the mask of an
            attention. (A training stops at the first epoch whose training loss is not.)
        diverged: it is not finite, or it ended no better than guessing: with a training loss of ln(number of classes)
            or above, and a validation accuracy that takes no learning (`scyc.training.evaluation.guessing`).
        early: the network after `rewind_step` steps, if that was asked for.
        last: the network after the last step.
        change: how far the last epoch trained moved the prunable weights, if that was asked for.
        gradients: of the weights that are left, at the points of the training where they could be taken.
        answers: by split, which of its examples the network classifies correctly after the
            last step: booleans of shape (N,), in the split's order. They are what the accuracies count: all false if
            the training is not `finite`.
        stopped: a stop rule ended it. Then there is nothing but `epochs` and `last`: it was not tested, and never
            validated on all examples, so its accuracies are no result.
    """

    epochs: tuple[EpochMetrics, ...]
    test_loss: float | None
    test_accuracy: float
    finite: bool
    diverged: bool
    early: Snapshot | None
    last: Snapshot
    change: State | None = None
    gradients: tuple[GradientSummary, ...] = ()
    answers: Mapping[SplitName, torch.Tensor] = field(default_factory=dict)
    stopped: bool = False

    @property
    def val_accuracy(self) -> float:
        """Validation accuracy after the last epoch; 0 if the training is not finite."""
        return self.epochs[-1].val_accuracy if self.finite else 0.0

    @property
    def val_loss(self) -> float | None:
        """Validation loss after the last epoch; None if the training is not finite."""
        return self.epochs[-1].val_loss if self.finite else None
