"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747): 28 x 28 grey images of ten kinds of clothing."""

from __future__ import annotations

from pathlib import Path

from scyc.data.dataset import Dataset, Split
from scyc.data.idx import read_idx
from scyc.data.images import labelled_images, normalised
from scyc.data.sources import data_root, download_allowed, download_into, optional_module
from scyc.data.splitting import hold_out
from scyc.errors import InputError

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # of the package dataset-fashion-mnist
NUM_CLASSES = 10
VALIDATION_FRACTION = 1 / 12  # 5,000 of the 60,000 training images
MEAN, STD = (0.2860,), (0.3530,)  # of the training pixels, on the scale 0..1

_FILES = tuple(f"{part}-{content}-ubyte" for part in ("train", "t10k") for content in ("images-idx3", "labels-idx1"))


def load_fashion_mnist(root: Path | str | None = None, *, flat: bool = False, download: bool | None = None) -> Dataset:
    """Load Fashion-MNIST: 55,000 training, 5,000 validation and 10,000 test images.

    It is looked for in torchvision's layout, `root/FashionMNIST/raw`, then where Debian's package
    dataset-fashion-mnist puts it; files may be gzipped or not.

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        flat: give vectors of shape (N, 784) instead of images of shape (N, 1, 28, 28).
        download: whether it may be downloaded (30 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        InputError: the data set is missing, damaged, or could not be downloaded.
    """
    root = data_root(root)
    files = _find(root)
    if files is None and download_allowed(download):
        torchvision = optional_module("torchvision.datasets", "torchvision", "Downloading Fashion-MNIST")
        download_into(root, "FashionMNIST", lambda folder: torchvision.FashionMNIST(folder, download=True))
        files = _find(root)
    if files is None:
        raise InputError(
            f"Fashion-MNIST is neither in {root / 'FashionMNIST' / 'raw'} nor in {DEBIAN_FOLDER}: install it with "
            "`apt-get install dataset-fashion-mnist`, or let it be downloaded by setting SCYC_DOWNLOAD=1 or with "
            f"""`python -c "import torchvision; torchvision.datasets.FashionMNIST('{root}', download=True)"`, """
            "or set SCYC_DATA to the folder that holds FashionMNIST/raw."
        )

    train, validation = hold_out(_read(files[0], files[1]), VALIDATION_FRACTION)
    test = _read(files[2], files[3])

    def prepared(split: Split) -> Split:
        images = normalised(split, MEAN, STD)
        return Split(images.inputs.flatten(1), images.targets) if flat else images

    return Dataset(prepared(train), prepared(validation), prepared(test), NUM_CLASSES)


def _find(root: Path) -> list[Path] | None:
    """Return the four files in the order of `_FILES`, from the first folder that has them all."""
    for folder in (root / "FashionMNIST" / "raw", DEBIAN_FOLDER):
        # Unpacked files first: they are quicker to read.
        variants = [[folder / name, folder / f"{name}.gz"] for name in _FILES]
        found = [next((path for path in pair if path.is_file()), None) for pair in variants]
        complete = [path for path in found if path is not None]
        if len(complete) == len(_FILES):
            return complete
    return None


def _read(images_path: Path, labels_path: Path) -> Split:
    images = read_idx(images_path, dimensions=3)
    if images.shape[1:] != (28, 28):
        raise InputError(
            f"{images_path} holds images of shape {images.shape[1:]} instead of (28, 28): fetch the data set again."
        )
    return labelled_images(images[:, None], read_idx(labels_path, dimensions=1), NUM_CLASSES, labels_path)
