"""Deterministic splitting: the same examples are held out on every machine, today and in years to come."""

from __future__ import annotations

import numpy as np
import torch

from scyc.data.dataset import Split


def hold_out(split: Split, fraction: float, seed: int = 0) -> tuple[Split, Split]:
    """Divide a split in two by a random permutation that depends only on its length and `seed`.

    Args:
        split: N examples.
        fraction: part to hold out, in [0, 1]; `round(fraction * N)` examples are.
        seed: of the permutation.

    Returns:
        The kept and the held-out examples, disjoint and together all N.
    """
    kept, held_out = held_out_indices(len(split), fraction, seed)
    return (
        Split(split.inputs[kept], split.targets[kept]),
        Split(split.inputs[held_out], split.targets[held_out]),
    )


def held_out_indices(count: int, fraction: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices, of `count` examples, that `hold_out` keeps and holds out: two int64 vectors."""
    # The legacy generator, because NumPy froze its stream for good (NEP 19): splits must outlive upgrades.
    permutation = np.random.RandomState(seed).permutation(count)
    held_out, kept = torch.from_numpy(permutation).tensor_split([round(fraction * count)])
    return kept, held_out
