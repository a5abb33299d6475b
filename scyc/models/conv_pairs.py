"""Conv-2, Conv-4 and Conv-6 (Frankle & Carbin, "The Lottery Ticket Hypothesis", ICLR 2019, figure 2)."""

from __future__ import annotations

from torch import nn

from scyc.models.convolutions import pooled_convolutions

_WIDTHS = (64, 128, 256)  # of both convolutions of a pair


def conv(pairs: int, channels: int = 3, size: int = 32, classes: int = 10) -> nn.Sequential:
    """Return Conv-2, Conv-4 or Conv-6: pairs of convolutions, then linear layers of 256, 256 and `classes` units.

    Weights are drawn as PyTorch does, the paper's are Gaussian Glorot.

    Args:
        pairs: of convolutions, 1 to 3, each pair followed by max pooling.
        channels: of the images.
        size: side of the images in pixels; the network maps (N, channels, size, size) to logits (N, classes).
        classes: number of classes.

    Raises:
        InputError: when the images are too small to be pooled `pairs` times.
    """
    stages = [(width, width) for width in _WIDTHS[:pairs]]
    layers, features = pooled_convolutions(stages, channels, size)
    return nn.Sequential(
        *layers,
        nn.Linear(features, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, classes),
    )
