"""Images in files, one class per folder, as torchvision's `ImageFolder` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scyc.data.images import labelled_images
from scyc.data.sources import optional_module
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from scyc.data.dataset import Split

_PURPOSE = "Reading image files"


def class_names(folder: Path) -> list[str]:
    """Return the names of the folders in `folder`, in order; none if it is not there."""
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def check_class_names(folder: Path, classes: Sequence[str]) -> None:
    """Check that `folder` has no class folder besides those of `classes`; raise InputError otherwise."""
    unknown = sorted(set(class_names(folder)) - set(classes))
    if unknown:
        raise InputError(
            f"{folder / unknown[0]} is a class that the training images do not have: remove that folder, or add images "
            "of the class to train on."
        )


def find_image_files(folder: Path, classes: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the images below each of `folder`'s class folders, in torchvision's order, and their class indices.

    Raises:
        InputError: torchvision is not installed.
    """
    torchvision = optional_module("torchvision.datasets.folder", "torchvision", _PURPOSE)
    samples = torchvision.make_dataset(
        folder, {name: i for i, name in enumerate(classes)}, torchvision.IMG_EXTENSIONS, allow_empty=True
    )
    return [path for path, _ in samples], [label for _, label in samples]


def read_image(path: Path | str, size: int | None = None) -> npt.NDArray[np.uint8]:
    """Read one image as a colour image of shape (3, H, W); see `read_image_files`."""
    torchvision = optional_module("torchvision.datasets.folder", "torchvision", _PURPOSE)
    transforms = optional_module("torchvision.transforms.functional", "torchvision", _PURPOSE)
    try:
        image = torchvision.default_loader(path)
        if size is not None:
            image = transforms.center_crop(transforms.resize(image, size), size)
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's ways to say that a file is damaged
        raise InputError(f"{path} cannot be read as an image ({error}): fetch it again, or remove it.") from error
    return np.array(image).transpose(2, 0, 1)  # a copy: Pillow lends its memory for reading only


def read_image_files(
    paths: Sequence[Path | str], labels: Sequence[int], num_classes: int, size: int | None = None
) -> Split:
    """Read images as colour images of one shape.

    Args:
        paths: of the files, N > 0, in any format that Pillow reads.
        labels: class index of each.
        num_classes: labels must lie in [0, num_classes).
        size: scale each image so that its shorter side is `size` pixels, then cut a square from its middle; None
            takes them as they are.

    Returns:
        A split whose inputs are uint8 of shape (N, 3, H, W), all at once in memory.

    Raises:
        InputError: a file cannot be read, has another shape than the first, or torchvision is not installed.
    """
    first = read_image(paths[0], size)
    images = np.empty((len(paths), *first.shape), np.uint8)
    for i, path in enumerate(paths):
        image = read_image(path, size)
        if image.shape != first.shape:
            raise InputError(
                f"{path} is {image.shape[2]} x {image.shape[1]} pixels, but {paths[0]} is "
                f"{first.shape[2]} x {first.shape[1]}: all images must have the same size, or be scaled to one."
            )
        images[i] = image
    return labelled_images(images, np.asarray(labels, dtype=np.int64), num_classes, paths[0])
