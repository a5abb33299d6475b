"""Fully connected networks, after the LeNet-300-100 of LeCun et al. 1998."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence


def mlp(inputs: int = 40, hidden: Sequence[int] = (300, 100), classes: int = 10) -> nn.Sequential:
    """Return linear layers with ReLUs between them.

    Args:
        inputs: features D of an example; the network maps (N, D) to logits (N, classes).
        hidden: width of each hidden layer; none makes it a linear classifier.
        classes: number of classes.
    """
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise((inputs, *hidden, classes)):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
