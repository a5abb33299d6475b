"""Training of one network at one `max_lr`, with everything resident on the device."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import nn

from scyc.engines import gradients_of
from scyc.errors import InputError
from scyc.gradients import GradientRecorder, GradientSummary
from scyc.optimizers import OptimizerSettings, optimizer_state, restore_optimizer, set_momentum
from scyc.profiles import Profile, WarmupStep, learning_rates, momenta
from scyc.pruning import weight_change
from scyc.randomness import seeded, stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc.data import Augmentation, Dataset, Split
    from scyc.pruning import Masks

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


def train(
    model: nn.Module,
    masks: Masks,
    data: Dataset,
    recipe: Recipe,
    *,
    max_lr: float,
    seed: int,
    level: int,
    augmentation: Augmentation | None = None,
    optimizer_from: Mapping[str, torch.Tensor] | None = None,
    rewind_step: int | None = None,
    keep_optimizer: bool = False,
    keep_change: bool = False,
) -> Training:
    """Train `model` in place on `data.train`, holding pruned weights at zero.

    Batch order, augmentation and what the model draws itself (dropout) depend on (seed, level) alone, so candidates of
    different `max_lr` see the same.

    Args:
        model: on the same device as `data`.
        masks: which weights are left.
        data: the splits, resident on the device.
        recipe: epochs, batch size, profile and optimizer.
        max_lr: upper bound of the learning rate, > 0.
        seed: of the trial, >= 0.
        level: pruning level, >= 0.
        augmentation: applied to each training batch on the device.
        optimizer_from: what the optimizer remembers as training begins, from a `Snapshot`; nothing unless given.
        rewind_step: take a snapshot after this many steps.
        keep_optimizer: have the snapshots tell what the optimizer remembers.
        keep_change: tell how far the last epoch moved the prunable weights.

    Raises:
        InputError: when the training split is smaller than a batch, or `rewind_step` is past the last step.
    """
    split, device = data.train, data.train.device
    rates = learning_rates(recipe.profile, max_lr, recipe.steps(len(split)))
    momentum = momenta(recipe.profile, len(rates))
    if rewind_step is not None:
        check_rewind_step(rewind_step, len(rates))
    optimizer = recipe.optimizer.build(model)
    restore_optimizer(optimizer, model, optimizer_from or {})
    pruned = masks.bind(model)
    pruned.apply()
    gradients, recorder = gradients_of(model, recipe, device), GradientRecorder(model, masks, len(rates))
    generator = stream("augmentation", seed, level, device=device)
    steps_per_epoch = len(rates) // recipe.epochs

    def snapshot() -> Snapshot:
        return Snapshot(_copy(model), optimizer_state(optimizer, model) if keep_optimizer else None)

    early = snapshot() if rewind_step == 0 else None
    metrics: list[EpochMetrics] = []
    before: State = {}  # as it was when the epoch began

    with seeded("model", seed, level, device=device):
        for epoch in range(recipe.epochs):
            model.train()
            if keep_change:
                before = _copy(model)
            order = torch.randperm(len(split), generator=stream("order", seed, level, epoch))
            order = order[: steps_per_epoch * recipe.batch_size]
            loss_sum = torch.zeros((), device=device)
            for step, (inputs, targets) in enumerate(split.batches(recipe.batch_size, order), epoch * steps_per_epoch):
                if augmentation is not None:
                    inputs = augmentation(inputs, generator)
                for group in optimizer.param_groups:
                    group["lr"] = rates[step]
                    if momentum is not None:
                        set_momentum(group, momentum[step])
                loss_sum += gradients(inputs, targets)
                recorder.record(step)
                optimizer.step()
                pruned.apply()
                if step + 1 == rewind_step:
                    early = snapshot()
            train_loss = _finite(loss_sum.item() / steps_per_epoch)
            with recipe.autocast(device):
                val_loss, val_accuracy = evaluate(model, data.validation)
            metrics.append(EpochMetrics(epoch, train_loss, val_loss, val_accuracy))
            if train_loss is None:
                break

    with recipe.autocast(device):
        test_loss, test_accuracy = evaluate(model, data.test)
    last = metrics[-1].train_loss
    diverged = last is None or last >= math.log(data.num_classes)
    change = weight_change(before, model.state_dict(), masks) if keep_change else None
    return Training(tuple(metrics), test_loss, test_accuracy, diverged, early, snapshot(), change, recorder.summaries())


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
    return _finite(loss.item() / len(split)), correct.item() / len(split)


def check_rewind_step(rewind_step: int, steps: int) -> None:
    """See that a level of `steps` steps has a step `rewind_step`; InputError when it has not."""
    if rewind_step < 0:
        raise InputError(f"rewind_step is {rewind_step}, but steps are counted from 0 on.")
    if rewind_step > steps:
        raise InputError(f"rewind_step is {rewind_step}, but a level has only {steps} steps; choose an earlier step.")


def _copy(model: nn.Module) -> State:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None
