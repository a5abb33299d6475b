"""Data sets in NumPy's `.npz` files, such as a user has made with `numpy.savez`."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scyc.data.dataset import Split
from scyc.data.user_data import user_dataset
from scyc.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from scyc.data.dataset import Dataset

MOST_CHANNELS = 4  # what an axis may have to be taken for the channels of images

_PARTS = ("train", "val", "test")


def load_npz(path: Path | str) -> Dataset:
    """Load the arrays `x_train` and `y_train` of a file and, where it has them, `x_val`, `y_val`, `x_test`, `y_test`.

    `x` holds numbers: vectors (N, D), grey images (N, H, W) or images with one to four channels, (N, H, W, C) or
    (N, C, H, W); the last axis is tried first. `y` holds class indices from 0, shape (N,) or (N, 1). Missing splits are
    held out and everything is standardised as `user_dataset` says. That the given splits are disjoint is not checked.
    Nothing in the file is unpickled.

    Raises:
        InputError: the file is missing, damaged, or does not hold such arrays.
    """
    path = Path(path)
    arrays = _read(path)
    splits = {part: _split(arrays, part, path) for part in _PARTS if f"x_{part}" in arrays or f"y_{part}" in arrays}
    if "train" not in splits:
        raise InputError(
            f"{path} has no arrays x_train and y_train, but {', '.join(arrays) or 'none at all'}: "
            "save them with numpy.savez(path, x_train=..., y_train=...)."
        )
    train = splits["train"]
    for part, split in splits.items():
        if split.inputs.shape[1:] != train.inputs.shape[1:]:
            raise InputError(
                f"x_{part} in {path} has inputs of shape {tuple(split.inputs.shape[1:])}, but x_train has "
                f"{tuple(train.inputs.shape[1:])}: all must have the same shape."
            )
    classes = 1 + max(int(split.targets.max()) for split in splits.values())
    return user_dataset(train, splits.get("val"), splits.get("test"), num_classes=classes, source=path)


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    wanted = {f"{kind}_{part}" for kind in "xy" for part in _PARTS}
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = [name for name in file.files if name in wanted]
            return {name: file[name] for name in found}
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}: give the path of an .npz file.") from error
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise InputError(
            f"{path} cannot be read as an .npz file of plain arrays ({error}): save it with numpy.savez."
        ) from error


def _split(arrays: dict[str, npt.NDArray[Any]], part: str, path: Path) -> Split:
    if f"x_{part}" not in arrays or f"y_{part}" not in arrays:
        raise InputError(f"{path} has only one of x_{part} and y_{part}: inputs and labels come in pairs.")
    inputs, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) == 0 or labels.min() < 0:
        raise InputError(
            f"y_{part} in {path} has the type {labels.dtype} and the shape {labels.shape}: it must hold class indices, "
            "whole numbers from 0, one for each input."
        )
    if inputs.dtype.kind not in "iufb" or not np.isfinite(inputs).all():
        raise InputError(
            f"x_{part} in {path} must hold finite numbers only: neither NaN nor infinity, and neither text nor complex "
            f"numbers (its type is {inputs.dtype})."
        )
    if inputs.ndim == 0 or len(inputs) != len(labels):
        raise InputError(
            f"x_{part} in {path} has the shape {inputs.shape}, but y_{part} has {len(labels)} labels: give one "
            "label for each input."
        )
    images = _channels_first(inputs)
    if images is None or images.size == 0:
        raise InputError(
            f"x_{part} in {path} has the shape {inputs.shape}: it must be (N, features), (N, height, width), or "
            "(N, height, width, channels) or (N, channels, height, width) with one to four channels."
        )
    if images.dtype != np.uint8:  # bytes stay bytes until they are standardised
        images = images.astype(np.float32)
    return Split(torch.tensor(images), torch.tensor(labels.astype(np.int64)))


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
