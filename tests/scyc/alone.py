"""The training of one network on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scyc import lockstep
from scyc.learner import Learner

if TYPE_CHECKING:
    from torch import nn

    from scyc.data import Augmentation, Dataset
    from scyc.pruning import Masks
    from scyc.training import Recipe, Training


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
    **kept: Any,
) -> Training:
    """Train a network by itself with the reference engine; `kept` is what its `Learner` should keep."""
    learner = Learner(model, masks, recipe, recipe.steps(len(data.train)), max_lr=max_lr, **kept)
    [training] = lockstep.train([learner], data, seed=seed, level=level, augmentation=augmentation)
    return training
