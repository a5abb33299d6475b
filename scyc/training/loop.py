"""Training: networks of one architecture in lock-step, on the same batches, with everything resident on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scyc.engines import EAGER
from scyc.randomness import seeded, stream
from scyc.training.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from torch import nn

    from scyc.data import Augmentation, Dataset
    from scyc.engines import Engine
    from scyc.pruning import Masks
    from scyc.training.recipe import Recipe
    from scyc.training.result import Training


def train(
    learners: Sequence[Learner],
    data: Dataset,
    *,
    seed: int,
    level: int,
    augmentation: Augmentation | None = None,
    engine: Engine = EAGER,
) -> list[Training]:
    """Train networks in place on `data.train`, in lock-step, holding pruned weights at zero.

    Batch order, augmentation and what a model draws itself (dropout) depend on (seed, level) alone, so networks that
    are trained together see the same as those that are trained one by one. One that diverges or is stopped is left
    behind and does not disturb the others.

    Args:
        learners: one per network, all with as many steps per epoch, at most `engine.largest`.
        data: the splits, on the networks' device.
        seed: of the trials, >= 0.
        level: pruning level, >= 0.
        augmentation: applied to each training batch on the device.
        engine: takes the steps.
    """
    split, recipe = data.train, learners[0].recipe
    steps_per_epoch = recipe.steps(len(split)) // recipe.epochs
    generator = stream("augmentation", seed, level, device=split.device)
    with seeded("model", seed, level, device=split.device):
        take = engine.bind(learners)
        for epoch in range(recipe.epochs):
            for learner in learners:
                learner.begin_epoch()
            order = torch.randperm(len(split), generator=stream("order", seed, level, epoch))
            order = order[: steps_per_epoch * recipe.batch_size]
            loss_sums = torch.zeros(len(learners), device=split.device)
            for step, (inputs, targets) in enumerate(split.batches(recipe.batch_size, order), epoch * steps_per_epoch):
                loss_sums += take(inputs if augmentation is None else augmentation(inputs, generator), targets, step)
            for learner, loss_sum in zip(learners, loss_sums.tolist(), strict=True):
                if learner.training is None:
                    learner.end_epoch(loss_sum / steps_per_epoch, data)
            if all(learner.training is not None for learner in learners):
                break
    return [learner.training for learner in learners if learner.training is not None]


def train_one(
    model: nn.Module,
    masks: Masks,
    data: Dataset,
    recipe: Recipe,
    *,
    max_lr: float,
    seed: int,
    level: int,
    augmentation: Augmentation | None = None,
    engine: Engine = EAGER,
    **kept: Any,
) -> Training:
    """Train one network in place; `kept` is what its `Learner` starts from and keeps, the rest as in `train`.

    Raises:
        InputError: when the training split is smaller than a batch, or `rewind_step` is past the last step.
    """
    engine.lay_out(model)
    learner = Learner(model, masks, recipe, recipe.steps(len(data.train)), max_lr=max_lr, **kept)
    [training] = train([learner], data, seed=seed, level=level, augmentation=augmentation, engine=engine)
    return training
