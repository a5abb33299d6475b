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
    torchvision = optional_module("torchvision.datasets.folder", "torchvision", _PURPOSE)
    transforms = optional_module("torchvision.transforms.functional", "torchvision", _PURPOSE)

    def read(path: Path | str) -> npt.NDArray[np.uint8]:
        try:
            image = torchvision.default_loader(path)
            if size is not None:
                image = transforms.center_crop(transforms.resize(image, size), size)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow's ways to say that a file is damaged
            raise InputError(f"{path} cannot be read as an image ({error}): fetch it again, or remove it.") from error
        return np.asarray(image).transpose(2, 0, 1)

    first = read(paths[0])
    images = np.empty((len(paths), *first.shape), np.uint8)
    for i, path in enumerate(paths):
        image = read(path)
        if image.shape != first.shape:
            raise InputError(
                f"{path} is {image.shape[2]} x {image.shape[1]} pixels, but {paths[0]} is "
                f"{first.shape[2]} x {first.shape[1]}: all images must have one size."
            )
        images[i] = image
    return labelled_images(images, np.asarray(labels, dtype=np.int64), num_classes, paths[0])
