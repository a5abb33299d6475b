"""Fingerprints of data: the same for the same numbers, wherever they were read from."""

from __future__ import annotations

import hashlib
import math
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import torch

from scyc.data.file_contents import contents
from scyc.data.streamed import StreamedSplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scyc.data.dataset import Dataset, Split

ROUNDING = 1e-5
"""How far the projections of two tensors may be apart that differ only in how sums were rounded."""

_CHUNK = 2**16
_DIRECTION = np.random.RandomState(0).uniform(-1, 1, _CHUNK)  # the legacy generator: its stream never changes


def data_fingerprints(data: Dataset) -> dict[str, str]:
    """Return a fingerprint of the inputs and one of the labels of each split.

    What is hashed is what the network gets. So another file, another data folder, another way to read or to split
    them shows; a file that was moved, copied or written again with the same content does not. Of streamed images the
    files' contents are hashed, in their order.
    """
    splits = {"training": data.train, "validation": data.validation, "test": data.test}
    return {
        f"{name} {part}": value
        for name, split in splits.items()
        for part, value in (("inputs", _inputs(split)), ("labels", tensor_fingerprint([split.targets])))
    }


def _inputs(split: Split) -> str:
    if isinstance(split, StreamedSplit):
        return f"files{[*split.inputs.shape]} {contents(split.files)}".replace(", ", ",")
    return tensor_fingerprint([split.inputs])


def tensor_fingerprint(tensors: Iterable[torch.Tensor]) -> str:
    """Return types and shapes, a hash of the bytes and, if there are floats, their projection on a fixed direction.

    Floats that another processor or number of threads has added up may differ in their last bits. Then the hashes
    differ, but the projections, as a fraction of the tensors' length, are not further apart than `ROUNDING`.
    """
    kinds: list[str] = []
    digest = hashlib.sha256()
    along, square = 0.0, 0.0
    for tensor in tensors:
        kinds.append(f"{str(tensor.dtype).removeprefix('torch.')}{[*tensor.shape]}".replace(", ", ","))
        if tensor.is_meta:
            continue
        flat = tensor.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy().data)
        if tensor.is_floating_point():
            for chunk in torch.split(flat, _CHUNK):
                values = chunk.to(torch.float64).numpy()
                along += float(np.einsum("i,i", values, _DIRECTION[: len(values)]))  # no BLAS, which starts threads
                square += float(np.einsum("i,i", values, values))
    kind = kinds[0] if len(kinds) == 1 else hashlib.sha256(" ".join(kinds).encode()).hexdigest()[:16]
    projection = f" ~{along / max(square, 1e-300) ** 0.5:.9f}" if square else ""
    return f"{kind} {digest.hexdigest()}{projection}"


def alike(one: str, other: str, rounding: float = ROUNDING) -> bool:
    """Return whether two fingerprints are of the same thing, but for rounding.

    The first word is the kind, which must be the same. Of the others one must be, or the projections must not be
    further apart than `rounding`.
    """
    (kind, *words), (other_kind, *others) = one.split(), other.split()
    if kind != other_kind:
        return False
    return bool(set(words) & set(others)) or abs(_projection(words) - _projection(others)) <= rounding


def _projection(words: Iterable[str]) -> float:
    for word in words:
        with suppress(ValueError):
            if word.startswith("~"):
                return float(word[1:])
    return math.nan
