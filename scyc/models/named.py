"""Networks by name, built to fit the data that they learn from."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from scyc.errors import InputError
from scyc.lazy import deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn


# Deferred, because whoever reads the names does without PyTorch.
mlp = deferred("scyc.models.perceptron:mlp")
lenet5 = deferred("scyc.models.lenet:lenet5")
conv = deferred("scyc.models.conv_pairs:conv")
dropnet_a = deferred("scyc.models.dropnet:dropnet_a")
dropnet_b = deferred("scyc.models.dropnet:dropnet_b")
dropnet_c = deferred("scyc.models.dropnet:dropnet_c")
resnet8 = deferred("scyc.models.resnet:resnet8")
resnet20 = deferred("scyc.models.resnet:resnet20")
resnet50 = deferred("scyc.models.resnet_imagenet:resnet50")
resnet50_imagenet = deferred("scyc.models.resnet_imagenet:resnet50_imagenet")
vgg19 = deferred("scyc.models.vgg:vgg19")
vgg19_imagenet = deferred("scyc.models.vgg:vgg19_imagenet")
vit_small = deferred("scyc.models.vit:vit_small")
vit_b_16 = deferred("scyc.models.vit:vit_b_16")


@dataclass(frozen=True)
class Network:
    """How to build a network for inputs of some shape.

    Attributes:
        build: maps the shape of one input and the number of classes to a new model.
        flat: it takes vectors, (D,), of which images are made if need be; all others take images, (C, H, W).
        augmented: it is usually trained on augmented images, where the data set has a usual augmentation.
    """

    build: Callable[[Sequence[int], int], nn.Module]
    flat: bool = False
    augmented: bool = True

    def check(self, name: str, shape: Sequence[int], classes: int) -> None:
        """Check that the network, called `name`, takes inputs of `shape`, without spending time or memory on weights.

        Raises:
            InputError: when it does not, or torchvision is needed and missing.
        """
        import torch

        if self.flat != (len(shape) == 1):
            raise InputError(
                f"The network {name} takes {'vectors' if self.flat else 'images'}, but the inputs have the shape "
                f"{tuple(shape)}; choose another network."
            )
        try:
            with torch.device("meta"):
                self.build(shape, classes)(torch.empty(2, *shape))
        except (AssertionError, RuntimeError) as error:  # torchvision asserts, layers raise
            raise InputError(
                f"The network {name} does not take inputs of shape {tuple(shape)} ({error}); choose another network."
            ) from error


def _multilayer(hidden: Sequence[int]) -> Network:
    return Network(lambda shape, classes: mlp(math.prod(shape), hidden, classes), flat=True)


def _dropnet_a(hidden: Sequence[int] = (40, 40)) -> Network:
    return Network(lambda shape, classes: dropnet_a(math.prod(shape), hidden, classes), flat=True)


def _for_images(build: Callable[..., nn.Module], *, augmented: bool = True) -> Network:
    """A network that is told channels, side and classes."""
    return Network(lambda shape, classes: build(channels=shape[0], size=shape[1], classes=classes), augmented=augmented)


# The papers of Conv-2/4/6 and DropNet train these on images as they are.
_NETWORKS = {
    "lenet-300-100": _multilayer((300, 100)),
    "lenet-5": _for_images(lenet5),
    "conv-2": _for_images(partial(conv, 1), augmented=False),
    "conv-4": _for_images(partial(conv, 2), augmented=False),
    "conv-6": _for_images(partial(conv, 3), augmented=False),
    "dropnet-a": _dropnet_a(),
    "dropnet-a-20-40": _dropnet_a((20, 40)),
    "dropnet-a-40-20": _dropnet_a((40, 20)),
    "dropnet-a-20-20": _dropnet_a((20, 20)),
    "dropnet-b": _for_images(dropnet_b, augmented=False),
    "dropnet-b-20-20": _for_images(partial(dropnet_b, (20, 20)), augmented=False),
    "dropnet-c": _for_images(dropnet_c, augmented=False),
    "resnet-8": Network(lambda shape, classes: resnet8(classes, channels=shape[0])),
    "resnet-20": Network(lambda shape, classes: resnet20(classes, channels=shape[0])),
    "resnet-50": Network(lambda shape, classes: resnet50(channels=shape[0], classes=classes)),
    "resnet-50-imagenet": Network(lambda _, classes: resnet50_imagenet(classes)),
    "vgg-19": _for_images(vgg19),
    "vgg-19-imagenet": Network(lambda _, classes: vgg19_imagenet(classes)),
    "vit-small": Network(lambda shape, classes: vit_small(size=shape[1], classes=classes)),
    "vit-b-16": Network(lambda _, classes: vit_b_16(classes)),
}


def network_names() -> list[str]:
    """Return the names of all networks, except `mlp-300-100` and the like, which exist for any widths."""
    return list(_NETWORKS)


def find_network(name: str) -> Network:
    """Return the network of that name: one of `network_names()`, or for example `mlp-300-100`.

    Raises:
        InputError: there is no such network.
    """
    if re.fullmatch(r"mlp(-[1-9][0-9]{0,5})+", name, re.ASCII):
        return _multilayer([int(width) for width in name.split("-")[1:]])
    if name not in _NETWORKS:
        close = get_close_matches(name, _NETWORKS, n=1, cutoff=0)
        raise InputError(
            f"There is no network {name!r} (did you mean {close[0]!r}?): choose one of {', '.join(_NETWORKS)}, "
            "or mlp-300-100 with any widths."
        )
    return _NETWORKS[name]
