from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scyc.engines.eager import Autograd, gradients_of
from scyc.engines.lean import Lean
from scyc.models import find_network, mlp
from scyc.training.recipe import Recipe

CPU = torch.device("cpu")
sizes = st.integers(1, 70)


def seeded_mlp(*widths: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return mlp(widths[0], widths[1:-1], widths[-1])


def batch(size: int, features: tuple[int, ...], classes: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(size, *features, generator=generator)
    return inputs, torch.randint(classes, (size,), generator=generator)


def assert_same_gradients(one: nn.Module, other: nn.Module) -> None:
    for ours, theirs in zip(one.parameters(), other.parameters(), strict=True):
        assert ours.grad is not None
        assert theirs.grad is not None
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=0, equal_nan=True)


@given(st.lists(sizes, min_size=2, max_size=5), st.lists(st.integers(2, 130), min_size=1, max_size=3))
def test_lean_gives_the_bits_of_eager(widths: list[int], batches: list[int]) -> None:
    ours = seeded_mlp(*widths)
    theirs = copy.deepcopy(ours)
    lean, eager = Lean(ours), Autograd(theirs, Recipe())
    for seed, size in enumerate(batches):
        inputs, targets = batch(size, (widths[0],), widths[-1], seed)
        assert torch.equal(lean(inputs, targets), eager(inputs, targets))
        assert_same_gradients(ours, theirs)


@pytest.mark.parametrize("scale", [1e-30, 1e30, math.inf, math.nan])
def test_lean_gives_the_bits_of_eager_where_a_training_diverges(scale: float) -> None:
    ours = seeded_mlp(40, 300, 100, 10)
    theirs = copy.deepcopy(ours)
    inputs, targets = batch(64, (40,), 10)
    loss, expected = Lean(ours)(inputs * scale, targets), Autograd(theirs, Recipe())(inputs * scale, targets)
    torch.testing.assert_close(loss, expected, rtol=0, atol=0, equal_nan=True)
    assert_same_gradients(ours, theirs)


def test_lean_sees_weights_that_were_changed_in_place() -> None:
    ours = seeded_mlp(8, 16, 4)
    lean, (inputs, targets) = Lean(ours), batch(32, (8,), 4)
    lean(inputs, targets)
    other = seeded_mlp(8, 16, 4)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.5)
    ours.load_state_dict(other.state_dict())
    assert torch.equal(lean(inputs, targets), Autograd(other, Recipe())(inputs, targets))
    assert_same_gradients(ours, other)


def test_images_are_made_vectors() -> None:
    ours = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 3))
    assert Lean.trains(ours, Recipe(), CPU)
    theirs = copy.deepcopy(ours)
    inputs, targets = batch(6, (3, 2, 2), 3)
    assert torch.equal(Lean(ours)(inputs, targets), Autograd(theirs, Recipe())(inputs, targets))
    assert_same_gradients(ours, theirs)


def shared() -> nn.Module:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer)


def heard() -> nn.Module:
    model = mlp(4, (4,), 4)
    model[0].register_forward_hook(lambda *_: None)
    return model


def frozen() -> nn.Module:
    model = mlp(4, (4,), 4)
    model[0].weight.requires_grad_(False)
    return model


class Own(nn.Linear):
    pass


@pytest.mark.parametrize(
    "model",
    [
        nn.Linear(4, 4),
        nn.Sequential(),
        nn.Sequential(nn.Flatten()),
        nn.Sequential(nn.Linear(4, 4), nn.ReLU()),
        nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)),
        nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)),
        nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 4)),
        nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4)),
        nn.Sequential(Own(4, 4), nn.ReLU(), nn.Linear(4, 4)),
        mlp(4, (4,), 4).double(),
        shared(),
        heard(),
        frozen(),
        find_network("conv-2").build((1, 8, 8), 4),
    ],
    ids=str,
)
def test_lean_leaves_other_networks_to_eager(model: nn.Module) -> None:
    assert isinstance(gradients_of(model, Recipe(), CPU), Autograd)


def test_lean_is_chosen_for_mlps_in_single_precision_on_a_cpu() -> None:
    model = mlp(4, (4,), 4)
    assert isinstance(gradients_of(model, Recipe(), CPU), Lean)
    assert isinstance(gradients_of(model, replace(Recipe(), precision="bf16"), CPU), Autograd)
    assert isinstance(gradients_of(model, Recipe(batch_size=1), CPU), Autograd)
    assert isinstance(gradients_of(model, Recipe(), torch.device("cuda")), Autograd)
