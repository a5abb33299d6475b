"""Trainings that end with numbers that are not finite, or no better than guessing, on classes of very unequal size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc.data import Dataset, Split
from scyc.models import mlp
from scyc.pruning import Masks, prunable_weights
from scyc.randomness import seeded
from scyc.single_neuron import Setting, single_neuron
from scyc.training.evaluation import evaluate, guessing
from scyc.training.loop import train_one
from scyc.training.recipe import Recipe

if TYPE_CHECKING:
    from scyc.training.result import Training

RECIPE = Recipe(epochs=2, batch_size=30)


@pytest.fixture(scope="module")
def unequal() -> Dataset:
    """Nine in ten are of class 0, and the inputs say which."""
    generator = torch.Generator().manual_seed(0)

    def split(examples: int) -> Split:
        targets = (torch.arange(examples) % 10 == 9).long()
        return Split(torch.randn(examples, 8, generator=generator) + 3 * targets[:, None], targets)

    return Dataset(split(300), split(100), split(100), num_classes=2)


def trained(data: Dataset, max_lr: float = 0.1, model: nn.Module | None = None, recipe: Recipe = RECIPE) -> Training:
    if model is None:
        with seeded("test network", 0):
            model = mlp(inputs=8, hidden=(16,), classes=2)
    masks = Masks.dense(model, prunable_weights(model))
    return train_one(model, masks, data, recipe, max_lr=max_lr, seed=0, level=0)


class Idle(nn.Module):
    """A network with a weight that is not finite, and that no answer depends on."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.body = nn.Linear(8, 2)
        self.idle = nn.Parameter(torch.full((3, 3), value))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.body(inputs)
        return out


class Loud(nn.Module):
    """A network whose logits are finite and often right, but so large that the loss is not finite."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(8, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.body(inputs)
        return out if self.training else out.sign() * 3e38


def assert_worthless(training: Training) -> None:
    assert training.diverged
    assert not training.finite
    assert (training.val_accuracy, training.test_accuracy) == (0, 0)
    assert (training.val_loss, training.test_loss) == (None, None)
    assert {split: answers.any().item() for split, answers in training.answers.items()} == {
        "validation": False,
        "test": False,
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_not_finite_is_enough(unequal: Dataset, value: float) -> None:
    training = trained(unequal, model=Idle(value))
    assert training.epochs[-1].train_loss is not None
    assert_worthless(training)


class Masked(nn.Module):
    """A network with a buffer that is infinite on purpose, as the mask of an attention is; and one that may become so.

    Args:
        growth: factor by which a step multiplies the second buffer.
    """

    mask: torch.Tensor
    scale: torch.Tensor

    def __init__(self, growth: float) -> None:
        super().__init__()
        self.body, self.growth = nn.Linear(8, 2), growth
        self.register_buffer("mask", torch.full((8, 8), -math.inf).triu(1))
        self.register_buffer("scale", torch.ones(2))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.scale.mul_(self.growth)
        out: torch.Tensor = self.body(inputs * self.mask.diagonal().exp())
        return out


def test_a_mask_of_infinities_is_no_divergence(unequal: Dataset) -> None:
    training = trained(unequal, model=Masked(1.0))
    assert training.finite
    assert not training.diverged
    assert training.val_accuracy > 0.9
    assert_worthless(trained(unequal, model=Masked(1e6)))


def test_so_is_a_validation_loss(unequal: Dataset) -> None:
    training = trained(unequal, max_lr=1e-6, model=Loud())
    assert training.epochs[-1].train_loss is not None
    assert_worthless(training)


def test_so_is_a_last_step_that_blows_up(unequal: Dataset) -> None:
    """The training loss was measured before that step, and is finite."""

    def jump(progress: float, /) -> float:
        return 1e-3 if progress < 0.94 else 1.0

    training = trained(
        unequal, max_lr=1e38, recipe=replace(RECIPE, profile=lambda p: jump(p) * (1e-36 if p < 0.94 else 1))
    )
    assert training.epochs[-1].train_loss is not None
    assert_worthless(training)


def test_nan_is_not_the_most_common_class(unequal: Dataset) -> None:
    training = trained(unequal, max_lr=1e9)
    assert training.epochs[-1].train_loss is None
    assert_worthless(training)
    assert {epoch.val_accuracy for epoch in training.epochs if epoch.val_loss is None} == {0}
    nan = nn.Linear(8, 2)
    nn.init.constant_(nan.weight, math.nan)
    assert evaluate(nan, unequal.validation) == (None, 0)


def test_a_constant_answer_with_a_large_loss_has_diverged(unequal: Dataset) -> None:
    """It is finite, and right in nine of ten cases."""
    model = nn.Sequential(nn.Linear(8, 2))
    nn.init.zeros_(model.get_parameter("0.weight"))
    with torch.no_grad():
        model.get_parameter("0.bias").copy_(torch.tensor([50.0, 0.0]))
    training = trained(unequal, max_lr=1e-9, model=model)
    assert training.val_accuracy == 0.9
    assert training.finite
    assert training.diverged


def test_an_epoch_that_began_badly_and_ended_well_has_not(unequal: Dataset) -> None:
    """The mean training loss of a single epoch is that of a guess; the validation accuracy is not."""
    model = nn.Sequential(nn.Linear(8, 2))
    with torch.no_grad():
        model.get_parameter("0.bias").copy_(torch.tensor([-10.0, 0.0]))
    training = trained(unequal, max_lr=1.0, model=model, recipe=replace(RECIPE, epochs=1))
    loss = training.epochs[-1].train_loss
    assert loss is not None
    assert loss > math.log(2)
    assert training.val_accuracy > guessing(unequal.validation)
    assert not training.diverged


def test_what_guessing_can_reach() -> None:
    targets = torch.tensor([0] * 90 + [1] * 10)
    assert guessing(Split(torch.zeros(100, 1), targets)) == pytest.approx(0.9 + 2 * 0.03)
    assert guessing(Split(torch.zeros(10, 1), torch.zeros(10, dtype=torch.int64))) == 1


def test_a_single_neuron_that_blew_up_kept_no_right_input() -> None:
    rates = single_neuron(Setting(runs=20, rate=1e6, steps=40))
    assert rates["lrr"].masks == rates["imp"].masks == 0
