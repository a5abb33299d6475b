"""Data sets in folders of image files, in the layout of torchvision's `ImageFolder`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scyc.data.image_files import check_class_names, class_names, find_image_files, read_image_files
from scyc.data.user_data import user_dataset
from scyc.errors import InputError

if TYPE_CHECKING:
    from scyc.data.dataset import Dataset, Split


def load_image_folder(path: Path | str, size: int | None = None) -> Dataset:
    """Load `path/train/CLASS/*` and, where they are there, `path/val/CLASS/*` and `path/test/CLASS/*`.

    Classes are numbered in the order of their names. Missing splits are held out and everything is standardised as
    `user_dataset` says. All images, in colour, are held in memory, 12 bytes per pixel; ImageNet is for
    `stream_image_folder`.

    Args:
        path: folder that holds `train`.
        size: scale each image so that its shorter side is `size` pixels, then cut a square from its middle; None
            takes them as they are, which must be of one size.

    Raises:
        InputError: folders or images are missing or do not fit together, or torchvision is not installed.
    """
    path = Path(path)
    classes = class_names(path / "train")
    if not classes:
        raise InputError(
            f"There are no images for training in {path / 'train'}: they are expected in one folder per class, "
            f"{path / 'train' / 'CLASS'}."
        )
    train, validation, test = (_load_part(path / part, classes, size) for part in ("train", "val", "test"))
    assert train is not None
    for split in (validation, test):
        if split is not None and split.inputs.shape[1:] != train.inputs.shape[1:]:
            raise InputError(
                f"The images in {path} differ in size between train, val and test: all must have the same size, or be "
                "scaled to one."
            )
    return user_dataset(train, validation, test, num_classes=len(classes), source=path)


def _load_part(folder: Path, classes: list[str], size: int | None) -> Split | None:
    if not folder.is_dir():
        return None
    check_class_names(folder, classes)
    paths, labels = find_image_files(folder, classes)
    if not paths:
        raise InputError(f"There are no images in the class folders of {folder}: add some, or remove the folder.")
    return read_image_files(paths, labels, len(classes), size)
