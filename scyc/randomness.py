"""Random streams that depend only on what they are for, so that trials which should share randomness do."""

from __future__ import annotations

import hashlib
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch


def stream_seed(*purpose: str | int) -> int:
    """Return a 63-bit seed that is a pure function of `purpose`, the same on every machine."""
    digest = hashlib.sha256("\0".join(map(str, purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(*purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a fresh generator for one purpose, for example `stream("order", seed, level, epoch)`.

    Two trials that differ only in `max_lr` ask for the same purposes and so see the same initial weights, data
    order and augmentation: common random numbers, which make their difference a paired one.
    """
    import torch

    return torch.Generator(device).manual_seed(stream_seed(*purpose))


@contextmanager
def seeded(*purpose: str | int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed PyTorch's default generators for one purpose inside the block; afterwards they are as they were.

    For code that cannot be handed a generator: the initialisation of layers, dropout.
    """
    import torch

    device = torch.device(device)
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):
        torch.manual_seed(stream_seed(*purpose))
        yield


@contextmanager
def seeded_everywhere(*purpose: str | int) -> Iterator[None]:
    """Seed the default generators of PyTorch, NumPy and Python for one purpose inside the block; then restore them.

    For other people's code that draws without a seed: every process gets the same numbers.
    """
    import numpy as np

    before, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(stream_seed(*purpose))
    np.random.seed(stream_seed(*purpose) % 2**32)  # noqa: NPY002
    try:
        with seeded(*purpose):
            yield
    finally:
        random.setstate(before)
        np.random.set_state(legacy)  # noqa: NPY002
