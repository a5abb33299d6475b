from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scyc.errors import InputError
from scyc.models import find_network, network_names

OF_IMAGENET = {"resnet-50-imagenet", "vgg-19-imagenet", "vit-b-16"}


@pytest.mark.parametrize("name", network_names())
def test_every_network_fits_what_it_is_for(name: str) -> None:
    network = find_network(name)
    size = 224 if name in OF_IMAGENET else 64
    shape = (300,) if network.flat else (3, size, size)
    network.check(name, shape, classes=7)


@pytest.mark.parametrize("name", ["lenet-5", "conv-4", "dropnet-b", "resnet-8", "resnet-20", "resnet-50", "vgg-19"])
def test_grey_images_are_taken_too(name: str) -> None:
    find_network(name).check(name, (1, 32, 32), classes=2)


@settings(max_examples=20, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 30), min_size=1, max_size=4), inputs=st.integers(1, 30), classes=st.integers(2, 9)
)
def test_multilayer_perceptrons_of_any_widths(hidden: list[int], inputs: int, classes: int) -> None:
    network = find_network("-".join(["mlp", *map(str, hidden)]))
    assert network.flat
    with torch.device("meta"):
        layers = [layer for layer in network.build((inputs,), classes).modules() if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in layers] == [*hidden, classes]
    assert layers[0].in_features == inputs


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("mlp-300-100", (1, 28, 28), "mlp-300-100 takes vectors"),
        ("resnet-8", (40,), "resnet-8 takes images"),
        ("lenet-5", (1, 28, 32), r"lenet-5 does not take inputs of shape \(1, 28, 32\)"),
        ("vit-small", (1, 32, 32), r"vit-small does not take inputs of shape \(1, 32, 32\)"),
        ("vit-b-16", (3, 32, 32), "Wrong image height"),
    ],
)
def test_unfit_inputs_are_refused(name: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_network(name).check(name, shape, classes=10)


@pytest.mark.parametrize("name", ["", "mlp", "mlp-", "mlp-0", "mlp-3-", "mlp-٣", "mlp-3\n", "resnet20", "mlp-9999999"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"There is no network .*did you mean .*resnet-20, .*or mlp-300-100"):
        find_network(name)
