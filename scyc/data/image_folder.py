"""Data sets in folders of image files, in the layout of torchvision's `ImageFolder`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scyc.data.class_folders import (
    check_class_names,
    check_every_class,
    class_names,
    find_images,
    listed,
    part_folders,
)
from scyc.data.image_files import in_words, read_images
from scyc.data.user_data import Examples, user_dataset
from scyc.errors import InputError

if TYPE_CHECKING:
    from scyc.data.dataset import Dataset


def load_image_folder(path: Path | str, size: int | None = None) -> Dataset:
    """Load `path/train/CLASS/*` and, where they are there, `path/val/CLASS/*` and `path/test/CLASS/*`.

    The folders of the splits may also be called as `PART_NAMES` has it. Classes are numbered in the order of their
    names. Missing splits are held out and everything is standardised as `user_dataset` says. All images, in colour, are
    held in memory, 12 bytes per pixel; ImageNet is for `stream_image_folder`.

    Args:
        path: folder that holds `train`.
        size: scale each image so that its shorter side is `size` pixels, then cut a square from its middle; None
            takes them as they are, which must be of one size.

    Raises:
        InputError: folders or images are missing or do not fit together, an image cannot be read without loss, or a
            package for reading images is not installed.
    """
    path = Path(path)
    folders, others = part_folders(path)
    classes = training_classes(path, folders, others)
    notes = [f"not used in {path}: {', '.join(others)}"] if others else []
    parts = {}
    for name, folder in folders.items():
        check_class_names(folder, classes)
        images = find_images(folder, classes)
        if not images.paths:
            raise InputError(f"There are no images in the class folders of {folder}: add some, or remove the folder.")
        if name == "train":
            check_every_class(images, folder, classes)
        pixels, remarks = read_images(images.paths, size)
        parts[name] = Examples(pixels, np.asarray(images.labels, np.int64))
        if images.left_out:
            notes.append(f"left out of {folder.name}: {listed(images.left_out)}")
        if remarks:
            notes.append(f"in {folder.name}: {', '.join(in_words(remarks))}")
    if len({part.inputs.shape[1:] for part in parts.values()}) > 1:
        raise InputError(
            f"The images in {path} differ in size between {', '.join(parts)}: all must have the same size, or be "
            "scaled to one."
        )
    return user_dataset(parts, num_classes=len(classes), source=path, classes=classes, notes=notes)


def training_classes(path: Path, folders: dict[str, Path], others: list[str]) -> list[str]:
    """Return the names of the classes that are trained on; raise InputError if there are none."""
    classes = class_names(folders["train"]) if "train" in folders else []
    if not classes:
        train = folders.get("train", path / "train")
        holds = f"; {path} holds {', '.join(sorted([*others, *(f.name for f in folders.values())])[:10])}"
        raise InputError(
            f"There are no images for training in {train}: they are expected in one folder per class, "
            f"{train / 'CLASS'}{holds if others or folders else ''}."
        )
    return classes
