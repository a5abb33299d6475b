"""How many of the weights that are left have the same sign in two networks.

Counted as in `sign_similarity.py` of github.com/AdvaitGadhikar/imp-lrr-lts, the research code of "Masks, Signs, And
Learning Rate Rewinding" (arXiv 2402.19262): per layer, inside the mask alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import torch

    from scyc.protocol import Checkpoint
    from scyc.pruning import Masks


@dataclass(frozen=True)
class Agreement:
    """The signs of one layer, or of several, in two networks.

    Attributes:
        total: number of weights, pruned ones included, > 0.
        left: those inside the mask, from 0 to `total`.
        same: those inside the mask that have the same sign in both, from 0 to `left`.
    """

    total: int
    left: int
    same: int

    @property
    def density(self) -> float:
        """Fraction of the weights that are left."""
        return self.left / self.total

    @property
    def flipped(self) -> int:
        """Number of weights inside the mask whose signs differ."""
        return self.left - self.same

    @property
    def fraction(self) -> float | None:
        """Fraction of the weights left that have the same sign, None where none is left; a coin would give 1/2."""
        return self.same / self.left if self.left else None


def sign_agreement(
    one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor], masks: Masks
) -> dict[str, Agreement]:
    """Return by parameter how the signs of two states agree inside the masks.

    A sign is -, + or that of zero, which agrees with zero alone. NaN, which a diverged training leaves, agrees with
    nothing, not even with NaN.

    Args:
        one: by name, tensors that the masks' parameters are among; others (biases, buffers) are not looked at.
        other: the same of the other network.
        masks: which weights count.

    Raises:
        InputError: when one of the states lacks a parameter, or has it in another shape.
    """
    found: dict[str, Agreement] = {}
    for name, mask in masks.kept.items():
        first, second = (same_shape(state, name, mask) for state in (one, other))
        same = (first.sign() == second.sign()) & ~first.isnan() & ~second.isnan() & mask
        found[name] = Agreement(mask.numel(), int(mask.count_nonzero()), int(same.count_nonzero()))
    return found


def pooled(agreements: Iterable[Agreement]) -> Agreement:
    """Return the agreement of several layers taken together, every weight counting alike; at least one layer."""
    several = list(agreements)
    return Agreement(
        sum(layer.total for layer in several),
        sum(layer.left for layer in several),
        sum(layer.same for layer in several),
    )


def sign_flips(path: Sequence[Checkpoint]) -> list[dict[str, Agreement]]:
    """Return what became of the signs from each network of a path to the next, inside the later one's masks.

    Args:
        path: trained networks, level by level.

    Returns:
        One agreement by parameter for every step, so one fewer than there are networks; `flipped` counts the flips.

    Raises:
        InputError: when the networks differ in their parameters.
    """
    return [sign_agreement(before.state, after.state, after.masks) for before, after in pairwise(path)]


def same_shape(state: Mapping[str, torch.Tensor], name: str, like: torch.Tensor) -> torch.Tensor:
    """Return a parameter of a state on the device of `like`; InputError when it is not there in that shape."""
    found = state.get(name)
    if found is None or found.shape != like.shape:
        there = "is missing" if found is None else f"has the shape {tuple(found.shape)}"
        raise InputError(
            f"{name} {there} in one of the states, but should have the shape {tuple(like.shape)}; compare networks "
            "of one architecture."
        )
    return found.detach().to(like.device)
