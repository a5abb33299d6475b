"""A user's own data: three splits, standardised by the training examples' mean and deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from scyc.data.dataset import Dataset, Split
from scyc.data.splitting import hold_out
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

HELD_OUT_FRACTION = 1 / 10

_CHUNK = 1024  # examples in double precision at a time


def user_dataset(
    train: Split, validation: Split | None, test: Split | None, *, num_classes: int, source: Path
) -> Dataset:
    """Return a data set made of the splits that there are.

    A test split that is missing is held out from `train`, a tenth of it; then likewise the validation split. The mean
    and the deviation that standardise all three come from what is left for training: one of each per channel for
    images, one for all features for vectors.

    Args:
        train: inputs of any real type and of shape (N, D) or (N, C, H, W).
        validation: with inputs of the same shape, disjoint from the others.
        test: likewise.
        num_classes: number of classes.
        source: file or folder, for the message.

    Raises:
        InputError: a split would have no examples.
    """
    if test is None:
        train, test = hold_out(train, HELD_OUT_FRACTION, seed=0)
    if validation is None:
        train, validation = hold_out(train, HELD_OUT_FRACTION, seed=1)
    splits = {"training": train, "validation": validation, "test": test}
    for name, split in splits.items():
        if len(split) == 0:
            raise InputError(f"{source} has too few examples: none are left for the {name} split; add some.")
    mean, std = _moments(train.inputs)
    train, validation, test = (
        Split(split.inputs.to(torch.float32, copy=True).sub_(mean).div_(std), split.targets)
        for split in splits.values()
    )
    return Dataset(train, validation, test, num_classes)


def _moments(inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation, to be subtracted and divided by; a deviation of zero is given as one.

    NumPy adds them up, in an order that doesn't depend on the number of threads, so all workers get the same bits.
    """
    images = inputs.dim() > 2
    axes = (0, 2, 3) if images else (0, 1)
    count = inputs.numel() // (inputs.shape[1] if images else 1)

    def chunks() -> Iterator[npt.NDArray[np.float64]]:
        for chunk in torch.split(inputs, _CHUNK):
            yield chunk.numpy().astype(np.float64)

    mean = sum(chunk.sum(axes, keepdims=True) for chunk in chunks()) / count
    variance = sum(np.square(chunk - mean).sum(axes, keepdims=True) for chunk in chunks()) / count
    std = np.sqrt(variance)
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(np.where(std > 0, std, 1), dtype=torch.float32)
