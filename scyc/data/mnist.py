"""MNIST (LeCun, Bottou, Bengio & Haffner 1998): 28 x 28 grey images of handwritten digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.data.mnist_files import find_mnist_files, read_mnist_files
from scyc.data.sources import data_root, download_allowed, download_into, optional_module
from scyc.errors import DataNotFound

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data.dataset import Dataset

MEAN, STD = 0.1307, 0.3081  # of the training pixels, on the scale 0..1


def load_mnist(root: Path | str | None = None, *, download: bool | None = None) -> Dataset:
    """Load MNIST: 55,000 training, 5,000 validation and 10,000 test images of shape (1, 28, 28).

    It is looked for in torchvision's layout, `root/MNIST/raw`; files may be gzipped or not.

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        download: whether it may be downloaded (12 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        DataNotFound: the data set is missing.
        InputError: it is damaged, or could not be downloaded.
    """
    root = data_root(root)
    folder = root / "MNIST" / "raw"
    files = find_mnist_files([folder])
    if files is None and download_allowed(download):
        torchvision = optional_module("torchvision.datasets", "torchvision", "Downloading MNIST")
        download_into(root, "MNIST", lambda scratch: torchvision.MNIST(scratch, download=True))
        files = find_mnist_files([folder])
    if files is None:
        raise DataNotFound(
            f"MNIST is not in {folder}: set SCYC_DOWNLOAD=1 to download it, or run "
            f"""`python -c "import torchvision; torchvision.datasets.MNIST('{root}', download=True)"`, """
            "or set SCYC_DATA to the folder that holds MNIST/raw."
        )
    return read_mnist_files(files, MEAN, STD)
