"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747): 28 x 28 grey images of ten kinds of clothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scyc.data.mnist_files import find_mnist_files, read_mnist_files
from scyc.data.sources import data_root, download_allowed, download_into, optional_module
from scyc.errors import DataNotFound

if TYPE_CHECKING:
    from scyc.data.dataset import Dataset

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # of the package dataset-fashion-mnist
MEAN, STD = 0.2860, 0.3530  # of the training pixels, on the scale 0..1


def load_fashion_mnist(root: Path | str | None = None, *, flat: bool = False, download: bool | None = None) -> Dataset:
    """Load Fashion-MNIST: 55,000 training, 5,000 validation and 10,000 test images.

    It is looked for in torchvision's layout, `root/FashionMNIST/raw`, then where Debian's package
    dataset-fashion-mnist puts it; files may be gzipped or not.

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        flat: give vectors of shape (N, 784) instead of images of shape (N, 1, 28, 28).
        download: whether it may be downloaded (30 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        DataNotFound: the data set is missing.
        InputError: it is damaged, or could not be downloaded.
    """
    root = data_root(root)
    folders = (root / "FashionMNIST" / "raw", DEBIAN_FOLDER)
    files = find_mnist_files(folders)
    if files is None and download_allowed(download):
        torchvision = optional_module("torchvision.datasets", "torchvision", "Downloading Fashion-MNIST")
        download_into(root, "FashionMNIST", lambda folder: torchvision.FashionMNIST(folder, download=True))
        files = find_mnist_files(folders)
    if files is None:
        raise DataNotFound(
            f"Fashion-MNIST is neither in {folders[0]} nor in {folders[1]}: install it with "
            "`apt-get install dataset-fashion-mnist`, or set SCYC_DOWNLOAD=1 to download it, or run "
            f"""`python -c "import torchvision; torchvision.datasets.FashionMNIST('{root}', download=True)"`, """
            "or set SCYC_DATA to the folder that holds FashionMNIST/raw."
        )

    data = read_mnist_files(files, MEAN, STD)
    return data.flattened() if flat else data
