"""The handwritten digits that scikit-learn ships: 1,797 images of 8 x 8 pixels, no download."""

from __future__ import annotations

import torch

from scyc.data.dataset import Dataset, Split
from scyc.data.sources import optional_module
from scyc.data.splitting import hold_out

HELD_OUT_FRACTION = 0.2
MEAN, STD = 4.884, 6.017  # over all pixels, whose values are 0..16


def load_digits() -> Dataset:
    """Load the digits as vectors of shape (N, 64), standardised with one mean and deviation for all pixels.

    A fifth is the test split (359); a fifth of the rest the validation split (288); 1,150 are for training.

    Raises:
        InputError: scikit-learn is not installed.
    """
    sklearn = optional_module("sklearn.datasets", "scikit-learn", "The digits data set")
    pixels, labels = sklearn.load_digits(return_X_y=True)
    inputs = torch.tensor((pixels - MEAN) / STD, dtype=torch.float32)
    rest, test = hold_out(Split(inputs, torch.tensor(labels, dtype=torch.int64)), HELD_OUT_FRACTION, seed=0)
    train, validation = hold_out(rest, HELD_OUT_FRACTION, seed=1)
    return Dataset(train, validation, test, num_classes=10)
