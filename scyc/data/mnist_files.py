"""The four files of MNIST and of the data sets in the same format: 28 x 28 grey images of ten classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.data.idx import read_idx
from scyc.data.images import labelled_images, normalised_dataset
from scyc.data.splitting import hold_out
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from scyc.data.dataset import Dataset, Split

NUM_CLASSES = 10
VALIDATION_FRACTION = 1 / 12  # 5,000 of the 60,000 training images

_FILES = tuple(f"{part}-{content}-ubyte" for part in ("train", "t10k") for content in ("images-idx3", "labels-idx1"))


def find_mnist_files(folders: Iterable[Path]) -> list[Path] | None:
    """Return images and labels for training, then for testing, from the first folder that has all four, or None."""
    for folder in folders:
        # Unpacked files first: they are quicker to read.
        variants = [[folder / name, folder / f"{name}.gz"] for name in _FILES]
        found = [next((path for path in pair if path.is_file()), None) for pair in variants]
        complete = [path for path in found if path is not None]
        if len(complete) == len(_FILES):
            return complete
    return None


def read_mnist_files(files: Sequence[Path], mean: float, std: float) -> Dataset:
    """Read what `find_mnist_files` found: images of shape (N, 1, 28, 28), a twelfth of training held out.

    Args:
        files: the four.
        mean: of the training pixels, on the scale 0..1.
        std: likewise.

    Raises:
        InputError: a file is damaged or does not fit the others.
    """
    train, validation = hold_out(_read(files[0], files[1]), VALIDATION_FRACTION)
    test = _read(files[2], files[3])
    return normalised_dataset((train, validation, test), (mean,), (std,), NUM_CLASSES)


def _read(images_path: Path, labels_path: Path) -> Split:
    images = read_idx(images_path, dimensions=3)
    if images.shape[1:] != (28, 28):
        raise InputError(
            f"{images_path} holds images of shape {images.shape[1:]} instead of (28, 28): fetch the data set again."
        )
    return labelled_images(images[:, None], read_idx(labels_path, dimensions=1), NUM_CLASSES, labels_path)
