"""What a training is told, what it gives, and how a network is evaluated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F

from scyc.errors import InputError
from scyc.optimizers import OptimizerSettings
from scyc.profiles import Profile, WarmupStep

if TYPE_CHECKING:
    from torch import nn

    from scyc.data import Split
    from scyc.gradients import GradientSummary

State = dict[str, torch.Tensor]

EVALUATION_BATCH = 2048
"""Examples evaluated at a time, at the most."""
_EVALUATION_NUMBERS = 2**25
"""Numbers in a batch of inputs for evaluation, at the most: images of 224 x 224 pixels take more memory than digits."""


@dataclass(frozen=True)
class Recipe:
    """How every level is trained. The last, incomplete batch of an epoch is left out.

    Attributes:
        precision: of the forward and backward pass: "fp32", or "bf16" by autocast; weights stay in single precision.

    Raises:
        InputError: when `epochs` or `batch_size` is below 1, or there is no such precision.
    """

    epochs: int = 10
    batch_size: int = 64
    profile: Profile = field(default_factory=WarmupStep)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    precision: Literal["fp32", "bf16"] = "fp32"

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.epochs < 1 or self.batch_size < 1:
            raise InputError(
                f"epochs is {self.epochs} and batch_size is {self.batch_size}; both must be whole numbers from 1 on."
            )
        if self.precision not in ("fp32", "bf16"):
            raise InputError(f"There is no precision {self.precision!r}; choose fp32 or bf16.")

    def autocast(self, device: torch.device) -> torch.autocast:
        """Return the context in which networks compute."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def steps(self, examples: int) -> int:
        """Return the number of steps of one level over `examples` training examples.

        Raises:
            InputError: when the examples do not fill one batch.
        """
        if examples < self.batch_size:
            raise InputError(
                f"The training split has {examples} examples, fewer than one batch of {self.batch_size}; "
                "choose a smaller batch_size."
            )
        return self.epochs * (examples // self.batch_size)


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
        optimizer: what the optimizer remembers, by `kind/parameter`, where a later level goes on from it.
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


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> tuple[float | None, float]:
    """Return the mean loss (None when not finite) and the accuracy (a fraction) of `model` over `split`."""
    model.eval()
    loss = torch.zeros((), device=split.device)
    correct = torch.zeros((), device=split.device, dtype=torch.int64)
    for inputs, targets in split.batches(max(1, min(EVALUATION_BATCH, _EVALUATION_NUMBERS // split.shape.numel()))):
        logits = model(inputs)
        loss += F.cross_entropy(logits, targets, reduction="sum")
        correct += (logits.argmax(dim=1) == targets).sum()
    return finite(loss.item() / len(split)), correct.item() / len(split)


def check_rewind_step(rewind_step: int, steps: int) -> None:
    """See that a level of `steps` steps has a step `rewind_step`; InputError when it has not."""
    if rewind_step < 0:
        raise InputError(f"rewind_step is {rewind_step}, but steps are counted from 0 on.")
    if rewind_step > steps:
        raise InputError(f"rewind_step is {rewind_step}, but a level has only {steps} steps; choose an earlier step.")


def copy_of(model: nn.Module) -> State:
    """Return a copy of a network's parameters and buffers, laid out in the usual order whatever theirs is."""
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }


def finite(loss: float) -> float | None:
    """Return the loss; None when it is not finite, for NaN goes no further."""
    return loss if math.isfinite(loss) else None
