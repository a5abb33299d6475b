"""A user's own data: three splits, standardised by the training examples' mean and deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from scyc.data.checking import check_dataset
from scyc.data.dataset import Dataset, Reading, Split
from scyc.data.splitting import held_out_indices
from scyc.data.standardising import check_kept, scale_of, standardised
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

HELD_OUT_FRACTION = 1 / 10


class Examples(NamedTuple):
    """What a file or a folder holds of one split.

    Attributes:
        inputs: of any real type, each value at most `LARGEST` in magnitude; shape (N, D) or (N, C, H, W).
        labels: int64 class indices of shape (N,).
    """

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]


def user_dataset(
    parts: Mapping[str, Examples], *, num_classes: int, source: Path, classes: Sequence[str] = (), notes: Sequence[str]
) -> Dataset:
    """Return a data set made of the splits that there are.

    A test split that is missing is held out from the training examples, a tenth of them; then likewise the validation
    split. The mean and the deviation that standardise all three come from what is left for training: one of each per
    feature of vectors, one per channel of images.

    Args:
        parts: "train" and, where they are given, "val" and "test", disjoint and with inputs of the same shape.
        num_classes: number of classes.
        source: file or folder, for messages.
        classes: their names, where they have any.
        notes: what is worth knowing about how the examples were read.

    Raises:
        InputError: a split would have no examples, nothing can be learned from them, or they cannot be standardised
            without loss.
    """
    parts = dict(parts)
    held_out = [name for name in ("test", "val") if name not in parts]
    for name in held_out:
        parts["train"], parts[name] = _hold_out(parts["train"], seed=("test", "val").index(name))
    for name, title in (("train", "training"), ("val", "validation"), ("test", "test")):
        if len(parts[name].labels) == 0:
            raise InputError(f"{source} has too few examples: none are left for the {title} split; add some.")
    scale = scale_of(parts["train"].inputs)
    check_kept(parts["train"].inputs, scale, f"The train split of {source}")
    train, validation, test = (
        Split(
            torch.from_numpy(standardised(parts[name].inputs, scale, f"The {name} split of {source}")),
            torch.from_numpy(parts[name].labels),
        )
        for name in ("train", "val", "test")
    )
    constant = int((scale.low == scale.high).sum())
    what = "channels" if train.inputs.dim() > 2 else "features"
    reading = Reading(
        classes=tuple(classes),
        low=float(scale.low.min()),
        high=float(scale.high.max()),
        notes=(
            *notes,
            *([f"held out from the training examples: {', '.join(sorted(held_out))}"] if held_out else []),
            *([f"{what} that are constant: {constant} of {scale.low.size}"] if constant else []),
        ),
    )
    data = Dataset(train, validation, test, num_classes, reading)
    check_dataset(data, str(source))
    return data


def _hold_out(examples: Examples, seed: int) -> tuple[Examples, Examples]:
    kept, held_out = (part.numpy() for part in held_out_indices(len(examples.labels), HELD_OUT_FRACTION, seed))
    return (
        Examples(examples.inputs[kept], examples.labels[kept]),
        Examples(examples.inputs[held_out], examples.labels[held_out]),
    )
