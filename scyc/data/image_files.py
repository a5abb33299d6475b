"""Images in files, read into memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scyc.data.images import labelled_images
from scyc.data.pixels import read_image
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from scyc.data.dataset import Split


class Pictures(NamedTuple):
    """Images of one shape.

    Attributes:
        pixels: shape (N, 3, H, W), on the scale 0..255; uint8, or float32 if a file holds 16 bits.
        remarks: numbers of images of which something is special, by what it is.
    """

    pixels: npt.NDArray[Any]
    remarks: Counter[str]


def read_images(paths: Sequence[Path | str], size: int | None = None) -> Pictures:
    """Read images in colour, all at once into memory.

    Args:
        paths: of the files, N > 0.
        size: see `read_image`; None takes them as they are.

    Raises:
        InputError: a file cannot be read, cannot be converted without loss, or has another shape than the first.
    """
    first = read_image(paths[0], size).pixels
    pixels = np.empty((len(paths), *first.shape), np.uint8)
    remarks: Counter[str] = Counter()
    for i, path in enumerate(paths):
        image = read_image(path, size)
        if image.pixels.shape != first.shape:
            raise InputError(
                f"{path} is {image.pixels.shape[2]} x {image.pixels.shape[1]} pixels, but {paths[0]} is "
                f"{first.shape[2]} x {first.shape[1]}: all images must have the same size, or be scaled to one."
            )
        if image.pixels.dtype != np.uint8 and pixels.dtype == np.uint8:
            pixels = pixels.astype(np.float32)
        pixels[i] = image.pixels
        remarks.update(image.remarks)
    return Pictures(pixels, remarks)


def read_image_files(
    paths: Sequence[Path | str], labels: Sequence[int], num_classes: int, size: int | None = None
) -> Split:
    """Read images as `read_images` does, with a class index in [0, num_classes) for each.

    Returns:
        A split whose inputs are the pixels, not normalised.
    """
    pixels = read_images(paths, size).pixels
    return labelled_images(pixels, np.asarray(labels, dtype=np.int64), num_classes, paths[0])


def in_words(remarks: Counter[str]) -> list[str]:
    """Return remarks as phrases, such as `images with 16-bit pixels: 12`."""
    return [f"images {what}: {count:,}" for what, count in sorted(remarks.items())]
