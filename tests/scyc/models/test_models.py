from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scyc.models import (
    conv,
    dropnet_a,
    dropnet_b,
    dropnet_c,
    lenet5,
    mlp,
    resnet8,
    resnet20,
    vgg19,
    vit_small,
)
from scyc.models.resnet import BasicBlock

if TYPE_CHECKING:
    from collections.abc import Callable


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("build", "shape", "expected"),
    [
        (mlp, (40,), 43_410),
        (lambda: mlp(inputs=784), (784,), 266_610),  # the LeNet-300-100 of the pruning literature
        (lenet5, (1, 28, 28), 61_706),
        (resnet20, (3, 32, 32), 269_722),  # "0.27M" in table 6 of He et al. 2015
        (resnet8, (3, 32, 32), 75_290),
        (dropnet_a, (784,), 33_450),
        (partial(dropnet_a, hidden=(20, 40)), (784,), 16_950),
        (partial(dropnet_a, hidden=(40, 20)), (784,), 32_430),
        (partial(dropnet_a, hidden=(20, 20)), (784,), 16_330),
        (dropnet_b, (1, 28, 28), 68_938),
        (partial(dropnet_b, (20, 20)), (1, 28, 28), 13_630),
        (dropnet_c, (3, 32, 32), 394_058),
        (vit_small, (3, 32, 32), 2_693_578),
    ],
)
def test_size_and_shapes(build: Callable[[], nn.Module], shape: tuple[int, ...], expected: int) -> None:
    model = build()
    assert parameters(model) == expected
    assert model(torch.randn(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize("build", [mlp, lenet5, resnet20, partial(conv, 3), dropnet_b, vgg19, vit_small])
def test_weights_follow_the_callers_seed(build: Callable[[], nn.Module]) -> None:
    def weights(seed: int) -> torch.Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.utils.parameters_to_vector(build().parameters())

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@settings(max_examples=20, deadline=None)
@given(inputs=st.integers(1, 20), hidden=st.lists(st.integers(1, 20), max_size=4), classes=st.integers(1, 12))
def test_mlp_has_the_widths_that_it_is_given(inputs: int, hidden: list[int], classes: int) -> None:
    model = mlp(inputs, hidden, classes)
    widths = [inputs, *hidden, classes]
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] == widths[:-1]
    assert [layer.out_features for layer in linear] == widths[1:]
    assert len(model) == 2 * len(linear) - 1
    assert model(torch.randn(3, inputs)).shape == (3, classes)


def test_resnet20_has_twenty_layers_with_weights() -> None:
    layers = [module for module in resnet20().modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(layers) == 20
    assert all(layer.bias is None for layer in layers if isinstance(layer, nn.Conv2d))


def test_shortcut_subsamples_and_pads_with_zero_channels() -> None:
    block = BasicBlock(2, 4, stride=2)
    nn.init.zeros_(block.bn2.weight)  # silences the residual branch
    inputs = torch.rand(1, 2, 8, 8)
    outputs = block(inputs)
    assert torch.equal(outputs[:, 1:3], inputs[:, :, ::2, ::2])
    assert not outputs[:, [0, 3]].any()


def test_resnet_activations_keep_their_scale() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        logits = resnet20()(torch.randn(64, 3, 32, 32))
    assert 0.1 < logits.detach().std().item() < 10
