"""Data sets as tensors in three disjoint splits, and augmentation of training batches."""

from scyc.data.augmentation import Augmentation, CropFlip
from scyc.data.cifar10 import load_cifar10
from scyc.data.dataset import Dataset, Split
from scyc.data.digits import load_digits
from scyc.data.fashion_mnist import load_fashion_mnist
from scyc.data.mnist1d import load_mnist1d

__all__ = [
    "Augmentation",
    "CropFlip",
    "Dataset",
    "Split",
    "load_cifar10",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist1d",
]
