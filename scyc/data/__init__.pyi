from .augmentation import Augmentation, CropFlip, ResizedCropFlip
from .checking import check_dataset
from .cifar10 import load_cifar10
from .cifar100 import load_cifar100
from .dataset import Dataset, Reading, Split
from .digits import load_digits
from .fashion_mnist import load_fashion_mnist
from .image_folder import load_image_folder
from .imagenet import load_imagenet
from .mnist import load_mnist
from .mnist1d import load_mnist1d, load_mnist1d_8k
from .npz import load_npz
from .streamed import stream_image_folder
from .summary import summarise
from .tiny_imagenet import load_tiny_imagenet

__all__ = [
    "Augmentation",
    "CropFlip",
    "Dataset",
    "Reading",
    "ResizedCropFlip",
    "Split",
    "check_dataset",
    "load_cifar10",
    "load_cifar100",
    "load_digits",
    "load_fashion_mnist",
    "load_image_folder",
    "load_imagenet",
    "load_mnist",
    "load_mnist1d",
    "load_mnist1d_8k",
    "load_npz",
    "load_tiny_imagenet",
    "stream_image_folder",
    "summarise",
]
