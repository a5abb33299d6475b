"""CIFAR-100 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): 32 x 32 colour images of 100 classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.data.cifar_files import Cifar
from scyc.data.sources import data_root

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data.dataset import Dataset

_CIFAR100 = Cifar(
    name="CIFAR-100",
    torchvision="CIFAR100",
    python_folder="cifar-100-python",
    binary_folder="cifar-100-binary",
    files=("train", "test"),
    label_key="fine_labels",
    label_bytes=2,  # of the 20 superclasses, then of the 100 classes
    num_classes=100,
    mean=(0.5071, 0.4865, 0.4409),
    std=(0.2673, 0.2564, 0.2762),
)


def load_cifar100(root: Path | str | None = None, *, download: bool | None = None) -> Dataset:
    """Load CIFAR-100: 45,000 training, 5,000 validation and 10,000 test images of shape (3, 32, 32).

    The labels are the 100 fine ones.

    It is looked for as the Python version, where torchvision puts it (`root/cifar-100-python`), then as the binary
    version (`root/cifar-100-binary`).

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        download: whether it may be downloaded (170 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        InputError: the data set is missing, damaged, or could not be downloaded.
    """
    return _CIFAR100.load(data_root(root), download)
