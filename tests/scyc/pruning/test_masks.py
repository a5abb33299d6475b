from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc.pruning import Masks, magnitude, prunable_weights, prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.optim import Optimizer

OPTIMIZERS: dict[str, Callable[[Iterator[nn.Parameter]], Optimizer]] = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=5e-4),
    "nesterov": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True, fused=True),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01, weight_decay=5e-4),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=0.01),
}


class Loop:
    """Regression by a small network whose optimizer lives through the pruning."""

    def __init__(self, optimizer: str) -> None:
        generator = torch.Generator().manual_seed(0)
        self.inputs = torch.randn(64, 10, generator=generator)
        self.targets = self.inputs @ torch.randn(10, 3, generator=generator)
        self.model = nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 3))
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.5)
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters())

    def step(self, gradient_masks: Masks | None = None) -> None:
        self.optimizer.zero_grad()
        loss = ((self.model(self.inputs) - self.targets) ** 2).mean()
        loss.backward()
        for name, mask in gradient_masks.kept.items() if gradient_masks else ():
            gradient = self.model.get_parameter(name).grad
            assert gradient is not None
            gradient.mul_(mask)
        self.optimizer.step()

    def pruned(self) -> Masks:
        masks = Masks.dense(self.model, prunable_weights(self.model))
        return prune(magnitude(self.model.state_dict(), masks), masks, rate=0.5, level=1)

    def revived(self, masks: Masks) -> int:
        """Number of weights that are pruned and yet not zero."""
        return sum(int(self.model.get_parameter(name)[~mask].count_nonzero()) for name, mask in masks.kept.items())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_pruned_weights_stay_zero_with_an_optimizer_from_before_the_pruning(optimizer: str) -> None:
    loop = Loop(optimizer)
    for _ in range(5):
        loop.step()
    masks = loop.pruned()
    assert loop.revived(masks) == 130
    masks.bind(loop.model).attach(loop.optimizer)
    assert loop.revived(masks) == 0
    before = {name: weight.clone() for name, weight in loop.model.state_dict().items()}
    for _ in range(25):
        loop.step()
        assert loop.revived(masks) == 0
    for name, mask in masks.kept.items():  # the others are trained as ever
        assert (loop.model.get_parameter(name) != before[name])[mask].all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_masking_gradients_instead_would_revive_them(optimizer: str) -> None:
    loop = Loop(optimizer)
    for _ in range(5):
        loop.step()
    masks = loop.pruned()
    masks.bind(loop.model).apply()
    loop.step(gradient_masks=masks)
    assert loop.revived(masks) == 130


def test_removing_the_handle_ends_the_masking() -> None:
    loop = Loop("sgd")
    masks = loop.pruned()
    handle = masks.bind(loop.model).attach(loop.optimizer)
    loop.step()
    assert loop.revived(masks) == 0
    handle.remove()
    loop.step()
    assert loop.revived(masks) > 0


def test_apply_zeroes_pruned_weights_and_nothing_else() -> None:
    model = nn.Linear(3, 2)
    weight, bias = model.weight.detach().clone(), model.bias.detach().clone()
    mask = torch.tensor([[True, False, True], [False, False, True]])
    Masks({"weight": mask}).bind(model).apply()
    assert torch.equal(model.weight, torch.where(mask, weight, 0))
    assert torch.equal(model.bias, bias)


def test_masks_follow_the_type_of_the_weights() -> None:
    model = nn.Linear(3, 2).to(torch.bfloat16)
    Masks({"weight": torch.zeros(2, 3, dtype=torch.bool)}).bind(model).apply()
    assert model.weight.dtype == torch.bfloat16
    assert not model.weight.any()


def test_counts() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    dense = Masks.dense(model, ["0.weight", "1.weight"])
    assert (dense.total, dense.alive, dense.density) == (10, 10, 1)
    dense.kept["0.weight"][0] = False
    assert (dense.total, dense.alive, dense.density) == (10, 7, 0.7)


def test_masks_keep_a_dictionary_of_their_own() -> None:
    kept = {"weight": torch.ones(2, 3, dtype=torch.bool)}
    masks = Masks(kept)
    kept.clear()
    assert masks.alive == 6
