"""Models A, B and C of DropNet (Tan & Motani, ICML 2020), as in the notebooks of github.com/tanchongmin/DropNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from scyc.models.convolutions import pooled_convolutions
from scyc.models.perceptron import mlp

if TYPE_CHECKING:
    from collections.abc import Sequence


def dropnet_a(inputs: int = 784, hidden: Sequence[int] = (40, 40), classes: int = 10) -> nn.Sequential:
    """Return model A, two hidden layers: 40-40, 20-40, 40-20 or 20-20 in the paper; maps (N, inputs) to logits."""
    return mlp(inputs, hidden, classes)


def dropnet_b(widths: Sequence[int] = (64, 64), channels: int = 1, size: int = 28, classes: int = 10) -> nn.Sequential:
    """Return model B, convolutions with pooling after each: 64-64 in the paper, 20-20 against its oracle.

    Maps (N, channels, size, size) to logits (N, classes).

    Raises:
        InputError: when the images are too small for the poolings.
    """
    layers, features = pooled_convolutions([[width] for width in widths], channels, size)
    return nn.Sequential(*layers, nn.Linear(features, classes))


def dropnet_c(
    widths: Sequence[int] = (64, 64, 128, 128), channels: int = 3, size: int = 32, classes: int = 10
) -> nn.Sequential:
    """Return model C, convolutions with pooling after each, then a linear layer of 256 units.

    Maps (N, channels, size, size) to logits (N, classes).

    Raises:
        InputError: when the images are too small for the poolings.
    """
    layers, features = pooled_convolutions([[width] for width in widths], channels, size)
    return nn.Sequential(*layers, nn.Linear(features, 256), nn.ReLU(), nn.Linear(256, classes))
