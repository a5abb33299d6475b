"""What the plain convolutional networks share: stages of 3 x 3 convolutions, each stage followed by max pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


def pooled_convolutions(
    stages: Sequence[Sequence[int]], channels: int, size: int, *, batch_norm: bool = False
) -> tuple[list[nn.Module], int]:
    """Return convolutions with ReLUs and pooling that end in a flat vector, and that vector's length.

    Args:
        stages: output channels of each convolution, stage by stage; a stage ends in 2 x 2 max pooling.
        channels: of the images, which have shape (N, channels, size, size).
        size: side of the images in pixels.
        batch_norm: normalise between convolution and ReLU.

    Raises:
        InputError: when nothing of the image is left after the last pooling.
    """
    if size < 2 ** len(stages):
        raise InputError(
            f"The images have a side of {size} pixels, but {len(stages)} poolings need at least {2 ** len(stages)}; "
            "choose a network with fewer poolings, or larger images."
        )
    layers: list[nn.Module] = []
    for stage in stages:
        for width in stage:
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU())
            channels = width
        layers.append(nn.MaxPool2d(2))
    return [*layers, nn.Flatten()], channels * (size >> len(stages)) ** 2
