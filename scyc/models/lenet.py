"""LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998) in its usual modern form: ReLU, max pooling, plain logits."""

from __future__ import annotations

from torch import nn


def lenet5(channels: int = 1, classes: int = 10) -> nn.Sequential:
    """Return a network that maps images of shape (N, channels, 28, 28) to logits of shape (N, classes)."""
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=2),  # padded to the 32 x 32 that LeNet-5 was made for
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, classes),
    )
