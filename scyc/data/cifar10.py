"""CIFAR-10 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): 32 x 32 colour images of ten classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.data.cifar_files import Cifar
from scyc.data.sources import data_root

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data.dataset import Dataset

_CIFAR10 = Cifar(
    name="CIFAR-10",
    torchvision="CIFAR10",
    python_folder="cifar-10-batches-py",
    binary_folder="cifar-10-batches-bin",
    files=(*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
    label_key="labels",
    label_bytes=1,
    num_classes=10,
    mean=(0.4914, 0.4822, 0.4465),
    std=(0.2470, 0.2435, 0.2616),
)


def load_cifar10(root: Path | str | None = None, *, download: bool | None = None) -> Dataset:
    """Load CIFAR-10: 45,000 training, 5,000 validation and 10,000 test images of shape (3, 32, 32).

    It is looked for as the Python version, where torchvision puts it (`root/cifar-10-batches-py`), then as the binary
    version (`root/cifar-10-batches-bin`).

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        download: whether it may be downloaded (170 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        InputError: the data set is missing, damaged, or could not be downloaded.
    """
    return _CIFAR10.load(data_root(root), download)
