"""Data sets as tensors in three disjoint splits, and augmentation of training batches."""

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from scyc.data.augmentation import Augmentation, CropFlip, ResizedCropFlip
    from scyc.data.cifar10 import load_cifar10
    from scyc.data.cifar100 import load_cifar100
    from scyc.data.dataset import Dataset, Split
    from scyc.data.digits import load_digits
    from scyc.data.fashion_mnist import load_fashion_mnist
    from scyc.data.image_folder import load_image_folder
    from scyc.data.imagenet import load_imagenet
    from scyc.data.mnist import load_mnist
    from scyc.data.mnist1d import load_mnist1d
    from scyc.data.npz import load_npz
    from scyc.data.streamed import stream_image_folder
    from scyc.data.tiny_imagenet import load_tiny_imagenet
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "augmentation": ["Augmentation", "CropFlip", "ResizedCropFlip"],
            "cifar10": ["load_cifar10"],
            "cifar100": ["load_cifar100"],
            "dataset": ["Dataset", "Split"],
            "digits": ["load_digits"],
            "fashion_mnist": ["load_fashion_mnist"],
            "image_folder": ["load_image_folder"],
            "imagenet": ["load_imagenet"],
            "mnist": ["load_mnist"],
            "mnist1d": ["load_mnist1d"],
            "npz": ["load_npz"],
            "streamed": ["stream_image_folder"],
            "tiny_imagenet": ["load_tiny_imagenet"],
        },
    )

__all__ = [
    "Augmentation",
    "CropFlip",
    "Dataset",
    "ResizedCropFlip",
    "Split",
    "load_cifar10",
    "load_cifar100",
    "load_digits",
    "load_fashion_mnist",
    "load_image_folder",
    "load_imagenet",
    "load_mnist",
    "load_mnist1d",
    "load_npz",
    "load_tiny_imagenet",
    "stream_image_folder",
]
