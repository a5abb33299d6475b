"""What every image data set needs: checked labels and normalised pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scyc.data.dataset import Dataset, Split
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt


def labelled_images(
    images: npt.NDArray[Any], labels: npt.NDArray[np.integer[Any]], num_classes: int, path: Path | str
) -> Split:
    """Pair raw images with their labels.

    Args:
        images: pixels of shape (N, C, H, W).
        labels: class indices of shape (N,), none of them negative.
        num_classes: labels must lie in [0, num_classes).
        path: file of the labels, for the message.

    Returns:
        A split whose inputs are as they were, so that taking it apart is cheap; see `normalised`.

    Raises:
        InputError: the labels do not fit the images.
    """
    if len(images) != len(labels):
        raise InputError(
            f"{path} holds {len(labels)} labels for {len(images)} images: fetch the data set again, "
            "the files do not belong together."
        )
    if labels.size and labels.max() >= num_classes:
        raise InputError(
            f"{path} holds the label {labels.max()}, but there are only {num_classes} classes: "
            "fetch the data set again, the file is corrupt."
        )
    writable = np.require(images, requirements="W")  # a copy only of what was read into immutable memory
    return Split(torch.from_numpy(writable), torch.tensor(labels, dtype=torch.int64))


def normalised(split: Split, mean: Sequence[float], std: Sequence[float]) -> Split:
    """Return the split with pixels scaled from 0..255 to 0..1, then standardised per channel.

    Args:
        split: uint8 inputs of shape (N, C, H, W).
        mean: of each of the C channels, on the scale 0..1.
        std: likewise.
    """
    return Split(standardised(split.inputs, mean, std), split.targets)


def standardised(pixels: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Return images (N, C, H, W) on the scale 0..255 as float32 on the same device, standardised as by `normalised`."""
    scale = 255 * torch.tensor(std, device=pixels.device).view(-1, 1, 1)
    offset = 255 * torch.tensor(mean, device=pixels.device).view(-1, 1, 1)
    return pixels.to(torch.float32, copy=True).sub_(offset).div_(scale)


def normalised_dataset(
    splits: tuple[Split, Split, Split], mean: Sequence[float], std: Sequence[float], num_classes: int
) -> Dataset:
    """Return a data set of training, validation and test split, in this order, each `normalised`."""
    train, validation, test = (normalised(split, mean, std) for split in splits)
    return Dataset(train, validation, test, num_classes)
