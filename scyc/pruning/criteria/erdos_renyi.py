"""Erdős-Rényi-Kernel densities: small layers are left denser than large ones."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def erk_counts(kept: Mapping[str, torch.Tensor], due: int) -> dict[str, int]:
    """Return how many weights the Erdős-Rényi-Kernel rule leaves in each layer, `due` in all.

    Evci et al., "Rigging the lottery" (ICML 2020), after Mocanu et al. (2018); github.com/google-research/rigl,
    `rigl/sparse_utils.py`. A layer of shape (s_1, ..., s_k) gets a density in proportion to
    `(s_1 + ... + s_k) / (s_1 x ... x s_k)`, that is, a number of weights in proportion to `s_1 + ... + s_k`. A layer
    that cannot have that many keeps all it has, and the others share the excess. As in the LAMP authors' code, what a
    layer has is what is left in it, which for a dense network caps the density at 1.

    Shares are rounded down, and the missing weights go to the largest remainders, the earlier layer first.

    Args:
        kept: by parameter name, boolean masks of the weights left so far.
        due: number of weights to leave in all, from 0 to as many as are left so far.
    """
    left = {name: int(mask.count_nonzero()) for name, mask in kept.items()}
    counts: dict[str, int] = {}
    sharing = {name: sum(mask.shape) for name, mask in kept.items()}
    while True:
        scale = Fraction(due - sum(counts.values()), sum(sharing.values()) or 1)
        full = [name for name, size in sharing.items() if scale * size >= left[name]]
        if not full:
            break
        for name in full:
            counts[name] = left[name]
            del sharing[name]
    remainders: dict[str, Fraction] = {}
    for name, size in sharing.items():
        counts[name] = int(scale * size)
        remainders[name] = scale * size - counts[name]
    missing = due - sum(counts.values())
    for name in sorted(remainders, key=lambda name: -remainders[name])[:missing]:
        counts[name] += 1
    return {name: counts[name] for name in kept}
