"""The built-in data sets by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from scyc.lazy import deferred

if TYPE_CHECKING:
    from collections.abc import Callable

    from scyc.data.augmentation import Augmentation
    from scyc.data.dataset import Dataset

# Deferred, because whoever reads the names does without PyTorch.
crop_flip = deferred("scyc.data.augmentation:CropFlip")
resized_crop_flip = deferred("scyc.data.augmentation:ResizedCropFlip")
load_mnist1d = deferred("scyc.data.mnist1d:load_mnist1d")
load_mnist1d_8k = deferred("scyc.data.mnist1d:load_mnist1d_8k")
load_digits = deferred("scyc.data.digits:load_digits")
load_fashion_mnist = deferred("scyc.data.fashion_mnist:load_fashion_mnist")
load_mnist = deferred("scyc.data.mnist:load_mnist")
load_cifar10 = deferred("scyc.data.cifar10:load_cifar10")
load_cifar100 = deferred("scyc.data.cifar100:load_cifar100")
load_tiny_imagenet = deferred("scyc.data.tiny_imagenet:load_tiny_imagenet")
load_imagenet = deferred("scyc.data.imagenet:load_imagenet")


@dataclass(frozen=True)
class NamedDataset:
    """A built-in data set.

    Attributes:
        load: returns it, on the CPU.
        shape: of one input.
        classes: number of classes.
        networks: names of the networks that papers train on it.
        augmentation: returns the usual one, where there is one.
    """

    load: Callable[[], Dataset]
    shape: tuple[int, ...]
    classes: int
    networks: tuple[str, ...]
    augmentation: Callable[[], Augmentation | None] = lambda: None


def imagenet(size: int) -> NamedDataset:
    """Return ImageNet in images of `size` x `size` pixels."""
    networks = ("resnet-50-imagenet", "vgg-19-imagenet", "vit-b-16")
    return NamedDataset(partial(load_imagenet, size), (3, size, size), 1000, networks, resized_crop_flip)


_CIFAR_NETWORKS = ("resnet-20", "resnet-8", "resnet-50", "vgg-19", "vit-small")
_DROPNET_NETWORKS = (
    "dropnet-a",
    "dropnet-a-20-40",
    "dropnet-a-40-20",
    "dropnet-a-20-20",
    "dropnet-b",
    "dropnet-b-20-20",
)

DATA_SETS = {
    "mnist1d": NamedDataset(load_mnist1d, (40,), 10, ("mlp-300-100",)),
    "mnist1d-8k": NamedDataset(load_mnist1d_8k, (40,), 10, ("mlp-300-100",)),
    "digits": NamedDataset(load_digits, (64,), 10, ("mlp-300-100",)),
    "fashion-mnist": NamedDataset(load_fashion_mnist, (1, 28, 28), 10, ("mlp-300-100", "lenet-5")),
    "mnist": NamedDataset(load_mnist, (1, 28, 28), 10, ("lenet-300-100", "lenet-5", *_DROPNET_NETWORKS)),
    "cifar10": NamedDataset(
        load_cifar10,
        (3, 32, 32),
        10,
        (*_CIFAR_NETWORKS, "conv-2", "conv-4", "conv-6", "dropnet-c"),
        partial(crop_flip, padding=4),
    ),
    "cifar100": NamedDataset(load_cifar100, (3, 32, 32), 100, _CIFAR_NETWORKS, partial(crop_flip, padding=4)),
    "tiny-imagenet": NamedDataset(
        load_tiny_imagenet, (3, 64, 64), 200, ("resnet-50", "vgg-19", "vit-small"), partial(crop_flip, padding=4)
    ),
    "imagenet": imagenet(224),
}
"""Every built-in data set by its name."""
