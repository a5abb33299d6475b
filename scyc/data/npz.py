"""Data sets in NumPy's `.npz` files, such as a user has made with `numpy.savez`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scyc.data.class_folders import PART_NAMES
from scyc.data.standardising import LARGEST
from scyc.data.user_data import Examples, user_dataset
from scyc.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from scyc.data.dataset import Dataset

MOST_CHANNELS = 4  # what an axis may have to be taken for the channels of images

_PARTS = {name: part for part, names in PART_NAMES.items() for name in names}


class _Named(NamedTuple):
    """An array and what it is called."""

    name: str
    values: npt.NDArray[Any]


def load_npz(path: Path | str) -> Dataset:
    """Load the arrays `x_train` and `y_train` of a file and, where it has them, `x_val`, `y_val`, `x_test`, `y_test`.

    `x` holds numbers of any real type: vectors (N, D), grey images (N, H, W) or images with one to four channels,
    (N, H, W, C) or (N, C, H, W); the last axis is tried first. `y` holds class indices from 0, shape (N,) or (N, 1).
    The splits may also be called as `PART_NAMES` has it, and everything in upper or lower case. Missing splits are held
    out and everything is standardised as `user_dataset` says. Nothing in the file is unpickled.

    Raises:
        InputError: the file is missing, damaged, or does not hold such arrays; a class has no training example; or
            nothing can be learned from the arrays, or not without loss.
    """
    path = Path(path)
    arrays, others = _read(path)
    parts = {part: _examples(arrays, part, path) for part in PART_NAMES if arrays.keys() & {("x", part), ("y", part)}}
    if "train" not in parts:
        found = ", ".join([*(array.name for array in arrays.values()), *others]) or "none at all"
        raise InputError(
            f"{path} has no arrays x_train and y_train, but {found}: save them with "
            "numpy.savez(path, x_train=..., y_train=...)."
        )
    train = parts["train"]
    classes = _number_of_classes(train.labels, arrays["y", "train"].name, path)
    for part, (inputs, labels) in parts.items():
        if inputs.shape[1:] != train.inputs.shape[1:]:
            raise InputError(
                f"{arrays['x', part].name} in {path} has inputs of shape {inputs.shape[1:]}, but "
                f"{arrays['x', 'train'].name} has {train.inputs.shape[1:]}: all must have the same shape."
            )
        if labels.max() >= classes:
            raise InputError(
                f"{arrays['y', part].name} in {path} holds the class {labels.max()}, which no training example has: "
                "remove those examples, or add some of the class to train on."
            )
    notes = [f"not used in {path}: {', '.join(others)}"] if others else []
    return user_dataset(parts, num_classes=classes, source=path, notes=notes)


def _read(path: Path) -> tuple[dict[tuple[str, str], _Named], list[str]]:
    """Return the arrays by kind and split, ("x", "train") and so on, and the names of all others."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = [_Named(name, file[name]) for name in file.files if _key(name)]
            others = [name for name in file.files if not _key(name)]
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}: give the path of an .npz file.") from error
    except Exception as error:  # a damaged file raises just about anything
        raise InputError(
            f"{path} cannot be read as an .npz file of plain arrays ({error}): save it with numpy.savez."
        ) from error
    arrays: dict[tuple[str, str], _Named] = {}
    for array in found:
        there = arrays.setdefault(_key(array.name) or ("", ""), array)
        if there is not array:
            raise InputError(
                f"{there.name} and {array.name} in {path} have names for the same thing: remove or rename one of them."
            )
    return arrays, others


def _key(name: str) -> tuple[str, str] | None:
    """Return kind and split of the array of that name, or None."""
    kind, _, part = name.lower().partition("_")
    return (kind, _PARTS[part]) if kind in ("x", "y") and part in _PARTS else None


def _examples(arrays: dict[tuple[str, str], _Named], part: str, path: Path) -> Examples:
    if ("x", part) not in arrays or ("y", part) not in arrays:
        raise InputError(f"{path} has only one of x_{part} and y_{part}: inputs and labels come in pairs.")
    (x_name, inputs), (y_name, labels) = arrays["x", part], arrays["y", part]
    indices = _class_indices(labels)
    if indices is None:
        raise InputError(
            f"{y_name} in {path} has the type {labels.dtype} and the shape {labels.shape}: it must hold class indices, "
            "whole numbers from 0, one for each input."
        )
    numbers = inputs.dtype.kind in "iufb"
    if not numbers or (inputs.size and not -LARGEST <= float(inputs.min()) <= float(inputs.max()) <= LARGEST):
        raise InputError(
            f"{x_name} in {path} must hold finite numbers only, none beyond {LARGEST:.2g}: neither NaN nor infinity, "
            f"and neither text nor complex numbers (its type is {inputs.dtype})."
        )
    if inputs.ndim == 0 or len(inputs) != len(indices):
        raise InputError(
            f"{x_name} in {path} has the shape {inputs.shape}, but {y_name} has {len(indices)} labels: give one "
            "label for each input."
        )
    images = _channels_first(inputs)
    if images is None or images.size == 0:
        raise InputError(
            f"{x_name} in {path} has the shape {inputs.shape}: it must be (N, features), (N, height, width), or "
            "(N, height, width, channels) or (N, channels, height, width) with one to four channels."
        )
    return Examples(images, indices)


def _class_indices(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64] | None:
    """Return labels as int64 of shape (N,), N > 0; or None if they are no class indices."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "biuf" or len(labels) == 0:
        return None
    if not 0 <= labels.min().item() <= labels.max().item() < 2**53:  # NaN fails too
        return None
    indices = labels.astype(np.int64)
    return indices if (indices == labels).all() else None


def _number_of_classes(labels: npt.NDArray[np.int64], name: str, path: Path) -> int:
    there = np.unique(labels)
    gaps = np.flatnonzero(there != np.arange(len(there)))
    if len(gaps):
        raise InputError(
            f"{name} in {path} holds labels up to {there[-1]}, but none is {gaps[0]}: number the classes from 0 "
            "without gaps, for example by numpy.unique(y, return_inverse=True)[1] over the labels of all splits."
        )
    return len(there)


def _channels_first(inputs: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Return vectors as they are and images as (N, C, H, W), or None."""
    if inputs.ndim == 2:
        return inputs
    if inputs.ndim == 3:
        return inputs[:, None]
    if inputs.ndim == 4 and inputs.shape[3] <= MOST_CHANNELS:
        return inputs.transpose(0, 3, 1, 2)
    if inputs.ndim == 4 and inputs.shape[1] <= MOST_CHANNELS:
        return inputs
    return None
