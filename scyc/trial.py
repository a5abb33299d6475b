"""One trial: prune what the parent left, rewind, train. A pure function of its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import nn

from scyc.errors import InputError
from scyc.pruning import (
    Masks,
    PruningContext,
    Rewind,
    Scope,
    find_criterion,
    mean_gradients,
    prunable_weights,
    rewound,
)
from scyc.randomness import seeded
from scyc.training import Recipe, Training, check_rewind_step, train

if TYPE_CHECKING:
    from scyc.data import Dataset
    from scyc.workloads import Workload

State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Pruning:
    """How the network is pruned from one level to the next, and what the next level starts from.

    Attributes:
        rate: fraction of the remaining weights pruned per level, in (0, 1).
        criterion: one of `scyc.pruning.CRITERIA`.
        rewind_step: the step of the dense network's training that `rewind="weights"` goes back to, >= 0.

    Raises:
        InputError: when there is no such criterion, or it does not go with the scope.
    """

    rate: float = 0.2
    criterion: str = "magnitude"
    scope: Scope = "global"
    rewind: Rewind = "weights"
    rewind_step: int = 0

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        find_criterion(self.criterion).check(self.scope)

    @property
    def needs_change(self) -> bool:
        """Whether a checkpoint has to say how far the last epoch moved its weights."""
        return find_criterion(self.criterion).needs == "change"


@dataclass(frozen=True)
class Checkpoint:
    """A trained network.

    Attributes:
        state: parameters and buffers.
        masks: which of its weights are left.
        change: how far the last epoch moved the prunable weights, where the pruning criterion needs to know.
    """

    state: State
    masks: Masks
    change: State | None = None


@dataclass(frozen=True)
class Protocol:
    """Everything that the trials of a study share."""

    workload: Workload
    recipe: Recipe = field(default_factory=Recipe)
    pruning: Pruning = field(default_factory=Pruning)

    def check(self, data: Dataset) -> None:
        """See that the recipe and the pruning fit the data.

        Raises:
            InputError: when the training split is smaller than a batch, or the rewind step is past a level's last.
        """
        check_rewind_step(self.pruning.rewind_step, self.recipe.steps(len(data.train)))


@dataclass(frozen=True)
class Trial:
    """A finished trial: the training's metrics, the trained network and, from level 0, the rewind point."""

    training: Training
    checkpoint: Checkpoint
    rewind_point: State | None


@dataclass(frozen=True)
class LevelStart:
    """A network as its training at a level begins; pruned weights are not yet zero unless they were before.

    Attributes:
        model: with the weights that training starts from, on the data's device.
        masks: which of its weights are left.
    """

    model: nn.Module
    masks: Masks


def begin_level(
    protocol: Protocol,
    data: Dataset,
    *,
    seed: int,
    level: int,
    parent: Checkpoint | None = None,
    rewind_point: State | None = None,
) -> LevelStart:
    """Build the network of one pruning level: prune what the parent left, rewind.

    Args:
        protocol: workload, recipe and pruning.
        data: the workload's data on the device to train on.
        seed: determines initial weights, and whatever the pruning draws.
        level: 0 for the dense network.
        parent: what the committed winner of the level before left; None at level 0 alone.
        rewind_point: the early state that a level-0 trial returned; None at level 0 alone.

    Raises:
        InputError: when a level above 0 has no parent or no rewind point, or the parent is another network.
    """
    device = data.train.inputs.device
    pruning = protocol.pruning
    model = _initialised(protocol.workload, device, "init", seed).to(device)
    if level == 0:
        return LevelStart(model, Masks.dense(model, prunable_weights(model)))
    if parent is None or rewind_point is None:
        raise InputError(f"A trial at level {level} needs its parent's checkpoint and the rewind point.")
    masks = _pruned(pruning, model, data, parent, seed=seed, level=level)
    model.load_state_dict(
        rewound(
            pruning.rewind,
            trained=parent.state,
            early=rewind_point,
            fresh=lambda: _initialised(protocol.workload, device, "reinit", seed, level).state_dict(),
        )
    )
    return LevelStart(model, masks)


def run_trial(
    protocol: Protocol,
    data: Dataset,
    *,
    seed: int,
    level: int,
    max_lr: float,
    parent: Checkpoint | None = None,
    rewind_point: State | None = None,
) -> Trial:
    """Train one network at one pruning level.

    On a CPU, with a given number of threads, the result is the same to the bit however often and wherever it runs.

    Args:
        protocol: workload, recipe and pruning.
        data: the workload's data on the device to train on.
        seed: determines initial weights, batch order and augmentation.
        level: 0 for the dense network.
        max_lr: upper bound of the learning rate.
        parent: what the committed winner of the level before left; None at level 0 alone.
        rewind_point: the early state that a level-0 trial returned; None at level 0 alone.

    Raises:
        InputError: when a level above 0 has no parent or no rewind point.
    """
    start = begin_level(protocol, data, seed=seed, level=level, parent=parent, rewind_point=rewind_point)
    training = train(
        start.model,
        start.masks,
        data,
        protocol.recipe,
        max_lr=max_lr,
        seed=seed,
        level=level,
        augmentation=protocol.workload.augmentation,
        rewind_step=protocol.pruning.rewind_step if level == 0 else None,
        keep_change=protocol.pruning.needs_change,
    )
    state = {name: tensor.detach() for name, tensor in start.model.state_dict().items()}
    return Trial(training, Checkpoint(state, start.masks, training.change), training.early_state)


def _pruned(pruning: Pruning, model: nn.Module, data: Dataset, parent: Checkpoint, *, seed: int, level: int) -> Masks:
    """Return the parent's masks pruned down to `level`; `model` is left with the parent's weights."""
    model.load_state_dict(parent.state)
    masks = parent.masks.in_order(prunable_weights(model))
    context = PruningContext(
        parent.state,
        masks,
        pruning.rate,
        level,
        seed,
        gradients=lambda: mean_gradients(model, masks, data.train, seed=seed, level=level),
        change=parent.change,
    )
    return find_criterion(pruning.criterion).prune(context, scope=pruning.scope)


def _initialised(workload: Workload, device: torch.device, *purpose: str | int) -> nn.Module:
    with seeded(*purpose, device=device):
        return workload.build_model()
