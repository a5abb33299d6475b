"""One trial: prune what the parent left, rewind, train. A pure function of its arguments."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scyc.engines import EAGER
from scyc.errors import InputError
from scyc.protocol import Checkpoint, Protocol
from scyc.pruning import (
    Masks,
    PruningContext,
    find_criterion,
    mean_gradients,
    own_names,
    rewound,
)
from scyc.randomness import seeded
from scyc.state import load_state
from scyc.training.learner import Learner
from scyc.training.loop import train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import torch
    from torch import nn

    from scyc.data import Dataset
    from scyc.engines import Engine
    from scyc.training.result import Snapshot, State, Training
    from scyc.training.stop_rule import StopRule
    from scyc.workloads import Workload


@dataclass(frozen=True)
class Trial:
    """A trial that has ended: the training's metrics, the trained network and, from level 0, the rewind point."""

    training: Training
    checkpoint: Checkpoint
    rewind_point: Snapshot | None


@dataclass(frozen=True)
class LevelStart:
    """A network as its training at a level begins; pruned weights are not yet zero unless they were before.

    Attributes:
        model: with the weights that training starts from, on the data's device.
        masks: which of its weights are left.
        optimizer: what its optimizer remembers, by `kind/parameter`; None for a fresh one.
    """

    model: nn.Module
    masks: Masks
    optimizer: State | None = None


def begin_level(
    protocol: Protocol,
    data: Dataset,
    *,
    seed: int,
    level: int,
    parent: Checkpoint | None = None,
    rewind_point: Snapshot | None = None,
) -> LevelStart:
    """Build the network of one pruning level: prune what the parent left, rewind.

    Args:
        protocol: workload, recipe and pruning.
        data: the workload's data on the device to train on.
        seed: determines initial weights, and whatever the pruning draws.
        level: 0 for the dense network.
        parent: what the committed winner of the level before left; None at level 0 alone.
        rewind_point: the snapshot that a level-0 trial returned; None at level 0 alone.

    Raises:
        InputError: when a level above 0 has no parent or no rewind point, or the parent is another network.
    """
    device, pruning = data.train.device, protocol.pruning
    model = _initialised(protocol.workload, device, "init", seed).to(device)
    if level == 0:
        return LevelStart(model, Masks.dense(model, protocol.prunable(model)))
    if parent is None or rewind_point is None:
        raise InputError(f"A trial at level {level} needs its parent's checkpoint and the rewind point.")
    masks = _pruned(protocol, model, data, parent, seed=seed, level=level)
    load_state(
        model,
        rewound(
            pruning.rewind,
            trained=parent.state,
            early=rewind_point.state,
            fresh=lambda: _initialised(protocol.workload, device, "reinit", seed, level).state_dict(),
            statistics=pruning.statistics,
        ),
    )
    return LevelStart(model, masks, _optimizer_from(protocol, parent, rewind_point))


def run_trial(
    protocol: Protocol,
    data: Dataset,
    *,
    seed: int,
    level: int,
    max_lr: float,
    parent: Checkpoint | None = None,
    rewind_point: Snapshot | None = None,
    stop: StopRule | None = None,
) -> Trial:
    """Train one network at one pruning level.

    On one kind of CPU, with one build of PyTorch and one number of threads, the result is the same to the bit however
    often it runs.

    Args:
        protocol: workload, recipe and pruning.
        data: the workload's data on the device to train on.
        seed: determines initial weights, batch order and augmentation.
        level: 0 for the dense network.
        max_lr: upper bound of the learning rate.
        parent: what the committed winner of the level before left; None at level 0 alone.
        rewind_point: the snapshot that a level-0 trial returned; None at level 0 alone.
        stop: ends the training early if it is not good enough. Up to there, it is the same to the bit as without.

    Raises:
        InputError: when a level above 0 has no parent or no rewind point, or `stop` would stop nothing.
    """
    member = Member(protocol, max_lr, parent, rewind_point, stop)
    return run_trials([member], data, seed=seed, level=level)[0]


@dataclass(frozen=True)
class Member:
    """One of several trials that are trained in lock-step; see `run_trial` for its fields."""

    protocol: Protocol
    max_lr: float
    parent: Checkpoint | None = None
    rewind_point: Snapshot | None = None
    stop: StopRule | None = None


def run_trials(
    members: Sequence[Member],
    data: Dataset,
    *,
    seed: int,
    level: int,
    engine: Engine = EAGER,
    training: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[Trial]:
    """Train several networks at one pruning level, with one seed.

    Args:
        members: 1 to `engine.largest`; their protocols differ at most in profile and pruning.
        data: the workload's data on the device to train on.
        seed: determines initial weights, batch order and augmentation.
        level: 0 for the dense network.
        engine: takes the steps; has no objection to the network.
        training: the networks are trained within this context; it is entered once they are built.

    Raises:
        InputError: when a level above 0 has no parent or no rewind point, or a member's `stop` would stop nothing.
    """
    learners = [make_learner(member, data, seed=seed, level=level, engine=engine) for member in members]
    augmentation = members[0].protocol.workload.augmentation
    with training():
        trainings = train(learners, data, seed=seed, level=level, augmentation=augmentation, engine=engine)
    return [
        Trial(
            training,
            Checkpoint(training.last.state, learner.masks, training.change, training.last.optimizer),
            training.early,
        )
        for training, learner in zip(trainings, learners, strict=True)
    ]


def make_learner(member: Member, data: Dataset, *, seed: int, level: int, engine: Engine) -> Learner:
    """Return the network of a trial, ready to be trained; see `run_trials` for the arguments."""
    protocol, pruning = member.protocol, member.protocol.pruning
    start = begin_level(protocol, data, seed=seed, level=level, parent=member.parent, rewind_point=member.rewind_point)
    engine.lay_out(start.model)
    return Learner(
        start.model,
        start.masks,
        protocol.recipe,
        protocol.recipe.steps(len(data.train)),
        max_lr=member.max_lr,
        optimizer_from=start.optimizer,
        rewind_step=pruning.rewind_step if level == 0 else None,
        keep_optimizer=pruning.optimizer_state == "with-weights",
        keep_change=pruning.needs_change,
        stop=member.stop,
    )


def _optimizer_from(protocol: Protocol, parent: Checkpoint, rewind_point: Snapshot) -> State | None:
    """Return what the optimizer remembers at the level's start.

    Raises:
        InputError: when the weights come from a trial that did not keep it.
    """
    pruning = protocol.pruning
    if pruning.optimizer_state == "fresh":
        return None
    trained = pruning.rewind == "learning-rate"
    source = parent.optimizer if trained else rewind_point.optimizer
    if source is None and protocol.recipe.optimizer.remembers and (trained or pruning.rewind_step > 0):
        raise InputError(
            'With optimizer_state = "with-weights" a level starts with the optimizer state of the level before, '
            "but that level did not keep it; train that level with the same setting."
        )
    return source


def _pruned(protocol: Protocol, model: nn.Module, data: Dataset, parent: Checkpoint, *, seed: int, level: int) -> Masks:
    """Return the parent's masks pruned down to `level`; `model` is left with the parent's weights."""
    load_state(model, parent.state)
    pruning, names = protocol.pruning, own_names(model)
    masks = parent.masks.renamed(names).in_order(protocol.prunable(model))
    context = PruningContext(
        parent.state,
        masks,
        pruning.rate,
        level,
        seed,
        gradients=lambda: {
            name: gradient.to(masks.kept[name].device)  # what was loaded from a checkpoint need not be on the GPU
            for name, gradient in mean_gradients(model, masks, data.train, seed=seed, level=level).items()
        },
        change=parent.change and {names.get(name, name): change for name, change in parent.change.items()},
    )
    return find_criterion(pruning.criterion).prune(context, scope=pruning.scope)


def _initialised(workload: Workload, device: torch.device, *purpose: str | int) -> nn.Module:
    with seeded(*purpose, device=device):
        return workload.build_model()
