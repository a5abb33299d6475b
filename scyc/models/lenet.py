"""LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998) in its usual modern form: ReLU, max pooling, plain logits."""

from __future__ import annotations

from torch import nn

from scyc.errors import InputError

SMALLEST = 12  # pixels; leaves 1 x 1 after the second pooling


def lenet5(channels: int = 1, classes: int = 10, size: int = 28) -> nn.Sequential:
    """Return a network that maps images of shape (N, channels, size, size) to logits of shape (N, classes).

    Raises:
        InputError: when the images have a side below 12 pixels.
    """
    if size < SMALLEST:
        raise InputError(f"The network lenet-5 needs images of at least {SMALLEST} pixels a side, not {size}.")
    side = (size // 2 - 4) // 2
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=2),  # padded to the 32 x 32 that LeNet-5 was made for
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * side * side, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, classes),
    )
