"""Tiny-ImageNet (Stanford CS231n), also called ImageNet-200: 64 x 64 colour images of 200 classes of ImageNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.data.class_folders import find_images
from scyc.data.image_files import read_image_files
from scyc.data.images import normalised_dataset
from scyc.data.sources import data_root, download_allowed, download_into, optional_module
from scyc.data.splitting import hold_out
from scyc.errors import DataNotFound, InputError
from scyc.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data.dataset import Dataset, Split

FOLDER = "tiny-imagenet-200"
URL, MD5 = "http://cs231n.stanford.edu/tiny-imagenet-200.zip", "90528d7ca1a48142e341f4ef8d21d0de"
NUM_CLASSES = 200
VALIDATION_FRACTION = 1 / 10  # 10,000 of the 100,000 training images
MEAN, STD = (0.4802, 0.4481, 0.3975), (0.2770, 0.2691, 0.2821)  # of the training pixels, on the scale 0..1

_SHAPE = (3, 64, 64)


def load_tiny_imagenet(root: Path | str | None = None, *, download: bool | None = None) -> Dataset:
    """Load Tiny-ImageNet: 90,000 training, 10,000 validation and 10,000 test images of shape (3, 64, 64).

    The test images are the published validation images: those that are published as test images have no labels. All of
    them are read into memory, 5.4 GB as float32. It is looked for as its archive unpacks: `root/tiny-imagenet-200`
    with `wnids.txt`, `train/CLASS/images/*`, `val/images/*` and `val/val_annotations.txt`.

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        download: whether it may be downloaded (248 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        DataNotFound: the data set is missing.
        InputError: it is damaged, or could not be downloaded, or Pillow is not installed.
    """
    root = data_root(root)
    folder = root / FOLDER
    if not _complete(folder) and download_allowed(download):
        download_into(root, FOLDER, _download)
    if not _complete(folder):
        raise DataNotFound(
            f"Tiny-ImageNet is not in {folder}, at least not all of wnids.txt, train and val/val_annotations.txt: set "
            f"SCYC_DOWNLOAD=1 to download it, or unpack {URL} in {root}, "
            f"or set SCYC_DATA to the folder that holds {FOLDER}."
        )
    classes = sorted(_lines(folder / "wnids.txt"))
    if len(set(classes)) != NUM_CLASSES:
        raise InputError(
            f"{folder / 'wnids.txt'} names {len(set(classes))} classes instead of {NUM_CLASSES}: "
            "fetch the data set again."
        )
    train, validation = hold_out(_published_training(folder / "train", classes), VALIDATION_FRACTION)
    test = _published_validation(folder / "val", classes)
    return normalised_dataset((train, validation, test), MEAN, STD, NUM_CLASSES)


def _complete(folder: Path) -> bool:
    return (
        (folder / "wnids.txt").is_file()
        and (folder / "train").is_dir()
        and (folder / "val" / "val_annotations.txt").is_file()
    )


def _download(folder: Path) -> None:
    utilities = optional_module("torchvision.datasets.utils", "torchvision", "Downloading Tiny-ImageNet")
    utilities.download_and_extract_archive(URL, folder, md5=MD5, remove_finished=True)


def _published_training(folder: Path, classes: list[str]) -> Split:
    paths, labels, _ = find_images(folder, classes)
    missing = sorted(set(range(NUM_CLASSES)) - set(labels))
    if missing:
        raise InputError(f"{folder / classes[missing[0]]} holds no images: fetch the data set again.")
    return _checked(read_image_files(paths, labels, NUM_CLASSES), folder)


def _published_validation(folder: Path, classes: list[str]) -> Split:
    """Each line of the annotations is a file's name, its class, and the four sides of a box, with tabs between."""
    annotations = folder / "val_annotations.txt"
    rows = [line.split("\t") for line in _lines(annotations)]
    numbers = {name: i for i, name in enumerate(classes)}
    if not rows or any(len(row) < 2 or row[1] not in numbers for row in rows):
        raise InputError(f"{annotations} does not give every image one of the classes: fetch the data set again.")
    paths = [folder / "images" / row[0] for row in rows]
    return _checked(read_image_files(paths, [numbers[row[1]] for row in rows], NUM_CLASSES), folder)


def _checked(split: Split, folder: Path) -> Split:
    if split.inputs.shape[1:] != _SHAPE:
        raise InputError(
            f"{folder} holds images of shape {tuple(split.inputs.shape[1:])} instead of {_SHAPE}: "
            "fetch the data set again."
        )
    return split


def _lines(path: Path) -> list[str]:
    try:
        return read_text(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): fetch the data set again.") from error
