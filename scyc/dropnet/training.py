"""Training of one cycle: plain SGD at a constant learning rate, ended early when the validation loss stops falling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from scyc.errors import InputError
from scyc.optimizers import OptimizerSettings
from scyc.randomness import seeded, stream
from scyc.training.evaluation import evaluate
from scyc.training.result import EpochMetrics

if TYPE_CHECKING:
    from torch import nn

    from scyc.data import Augmentation, Dataset
    from scyc.pruning import Masks


@dataclass(frozen=True)
class EarlyStopping:
    """How every cycle is trained; the defaults are Tan & Motani's (ICML 2020), the batch size their code's.

    Attributes:
        epochs: at most this many, >= 1.
        patience: training ends after this many epochs in a row without a lower validation loss, >= 1.
        batch_size: examples per step, >= 1; the last batch of an epoch may have fewer.
        lr: constant learning rate, > 0.
        momentum: of SGD, in [0, 1).
        weight_decay: of SGD, >= 0.

    Raises:
        InputError: when one of them is out of its range.
    """

    epochs: int = 100
    patience: int = 5
    batch_size: int = 32
    lr: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained."""
        if min(self.epochs, self.patience, self.batch_size) < 1:
            raise InputError(
                f"epochs is {self.epochs}, patience {self.patience} and batch_size {self.batch_size}; all three must "
                "be whole numbers of at least 1."
            )
        if not (0 < self.lr < math.inf and 0 <= self.momentum < 1 and 0 <= self.weight_decay < math.inf):
            raise InputError(
                f"lr is {self.lr}, momentum {self.momentum} and weight_decay {self.weight_decay}; lr must be greater "
                "than 0, momentum at least 0 and below 1, and weight_decay at least 0."
            )


def train_until_stale(
    model: nn.Module,
    masks: Masks,
    data: Dataset,
    settings: EarlyStopping,
    *,
    seed: int,
    cycle: int,
    augmentation: Augmentation | None = None,
) -> tuple[EpochMetrics, ...]:
    """Train `model` in place on `data.train`, holding what `masks` leave out at zero; return one entry per epoch.

    The weights are the last epoch's, not the best one's, as in the paper's code. Training also ends where a loss is not
    finite. Batch order and augmentation depend on (seed, cycle) alone.

    Args:
        model: on the same device as `data`.
        masks: which weights are left.
        data: the splits, resident on the device.
        settings: epochs, patience and optimizer.
        seed: >= 0.
        cycle: of training and dropping, from 0 on.
        augmentation: applied to each training batch on the device.
    """
    split, device = data.train, data.train.device
    optimizer = OptimizerSettings(momentum=settings.momentum, weight_decay=settings.weight_decay).build(model)
    for group in optimizer.param_groups:
        group["lr"] = settings.lr
    generator = stream("augmentation", seed, cycle, device=device)
    metrics: list[EpochMetrics] = []
    best, stale = math.inf, 0
    handle = masks.bind(model).attach(optimizer)
    with seeded("model", seed, cycle, device=device):
        for epoch in range(settings.epochs):
            model.train()
            order = torch.randperm(len(split), generator=stream("order", seed, cycle, epoch))
            loss_sum = torch.zeros((), device=device)
            for inputs, targets in split.batches(settings.batch_size, order):
                if augmentation is not None:
                    inputs = augmentation(inputs, generator)
                model.zero_grad()  # the optimizer's own imports PyTorch's compiler
                loss = F.cross_entropy(model(inputs), targets)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                loss_sum += loss.detach() * len(targets)
            train_loss = loss_sum.item() / len(split)
            val_loss, val_accuracy = evaluate(model, data.validation)
            finite = math.isfinite(train_loss)
            metrics.append(EpochMetrics(epoch, train_loss if finite else None, val_loss, val_accuracy))
            if not finite or val_loss is None:
                break
            stale = 0 if val_loss < best else stale + 1
            best = min(best, val_loss)
            if stale >= settings.patience:
                break
    handle.remove()
    return tuple(metrics)
