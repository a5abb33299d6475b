"""The networks that are too large to build in a test: on the meta device they have shapes, but no numbers."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc.errors import InputError
from scyc.models import conv, resnet50, resnet50_imagenet, vgg19, vgg19_imagenet, vit_b_16, vit_small

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("build", "shape", "classes", "expected"),
    [
        (resnet50_imagenet, (3, 224, 224), 1000, 25_557_032),
        (vgg19_imagenet, (3, 224, 224), 1000, 143_678_248),
        (vit_b_16, (3, 224, 224), 1000, 86_567_656),
        (resnet50, (3, 32, 32), 10, 23_520_842),  # as in the CIFAR repositories of kuangliu and weiaicunzai
        (partial(resnet50, classes=100), (3, 32, 32), 100, 23_705_252),
        (partial(resnet50, classes=200), (3, 64, 64), 200, 23_910_152),
        (vgg19, (3, 32, 32), 10, 20_040_522),
        (partial(conv, 1), (3, 32, 32), 10, 4_301_642),
        (partial(conv, 2), (3, 32, 32), 10, 2_425_930),
        (partial(conv, 3), (3, 32, 32), 10, 2_262_602),
        (partial(conv, 3, channels=1, size=28, classes=7), (1, 28, 28), 7, 1_801_927),
    ],
)
def test_size_and_shapes(build: Callable[[], nn.Module], shape: tuple[int, ...], classes: int, expected: int) -> None:
    with torch.device("meta"):
        model = build()
        assert model(torch.empty(2, *shape)).shape == (2, classes)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


@pytest.mark.parametrize(("pairs", "expected"), [(1, 38_720), (2, 260_160), (3, 1_145_408)])
def test_convolutions_have_as_many_parameters_as_the_paper_says(pairs: int, expected: int) -> None:
    # "38K", "260K" and "1.1M" in figure 2 of Frankle & Carbin
    layers = [layer for layer in conv(pairs) if isinstance(layer, nn.Conv2d)]
    assert sum(parameter.numel() for layer in layers for parameter in layer.parameters()) == expected


def test_vgg19_has_the_convolutions_of_torchvisions_and_one_linear_layer() -> None:
    def shapes(model: nn.Module) -> list[torch.Size]:
        return [layer.weight.shape for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]

    with torch.device("meta"):
        ours, torchvisions = shapes(vgg19()), shapes(vgg19_imagenet())
    assert len(ours) == 17
    assert ours[:16] == torchvisions[:16]
    assert ours[16] == (10, 512)


def test_small_images_keep_their_size_in_the_stem_of_resnet50() -> None:
    with torch.device("meta"):
        model = resnet50()
        stem = nn.Sequential(*list(model.children())[:4])
        assert stem(torch.empty(1, 3, 32, 32)).shape == (1, 64, 32, 32)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (partial(conv, 3, size=7), "a side of 7 pixels, but 3 poolings need at least 8"),
        (partial(vgg19, size=28), "a side of 28 pixels, but 5 poolings need at least 32"),
        (partial(vit_small, size=28), "8 x 8 patches, so their side cannot be 28"),
        (partial(vit_small, size=0), "8 x 8 patches, so their side cannot be 0"),
    ],
)
def test_images_of_unfit_sizes_are_refused(build: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


@pytest.mark.parametrize("build", [resnet50, vgg19_imagenet, vit_small, vit_b_16])
def test_without_torchvision(build: Callable[[], nn.Module], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(InputError, match=r"The network .* needs torchvision.*pip install "):
        build()
