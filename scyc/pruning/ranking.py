"""How many weights are left at a level, and which: the highest-scoring ones, to an exact count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scyc.errors import InputError
from scyc.pruning.masks import Masks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc.pruning.scope import Scope


def weights_left(total: int, rate: float, level: int) -> int:
    """Return how many of `total` weights are left at `level`: total x (1-rate)^level, rounded, at least one.

    Counting from the dense network keeps rounding errors from adding up over the levels.
    """
    return max(1, round(total * (1 - rate) ** level))


def weights_due(kept: Mapping[str, torch.Tensor], rate: float, level: int) -> int:
    """Return how many of the weights behind the boolean masks `kept` are to be left at `level`.

    Raises:
        InputError: when fewer weights are left already than the level asks for.
    """
    due = weights_left(sum(mask.numel() for mask in kept.values()), rate, level)
    alive = sum(int(mask.count_nonzero()) for mask in kept.values())
    if due > alive:
        raise InputError(
            f"Level {level} at rate {rate} keeps {due} weights, but only {alive} are left to choose from; "
            "prune level by level, from the masks of the level before."
        )
    return due


def prune(
    scores: Mapping[str, torch.Tensor], masks: Masks, *, rate: float, level: int, scope: Scope = "global"
) -> Masks:
    """Return `masks` with the lowest-scoring weights removed, down to exactly the count due at `level`.

    Among equal scores the earlier weight (in parameter order, then in memory order) goes first, so the result is
    the same on every machine.

    Args:
        scores: by parameter name, tensors of the parameters' shapes; the magnitude of the weights, say.
        masks: which weights are left so far; these alone can be removed.
        rate: fraction of the remaining weights pruned per level, in (0, 1).
        level: the level to prune down to, >= 1.
        scope: "global" ranks all weights together, "layer" prunes each parameter to the same density.

    Raises:
        InputError: when fewer weights are left already than the level asks for.
    """
    if scope == "layer":
        counts = {name: weights_due({name: mask}, rate, level) for name, mask in masks.kept.items()}
        return prune_to_counts(scores, masks, counts)
    return Masks(_keep_highest(scores, masks.kept, weights_due(masks.kept, rate, level)))


def prune_to_counts(scores: Mapping[str, torch.Tensor], masks: Masks, counts: Mapping[str, int]) -> Masks:
    """Return `masks` with the lowest-scoring weights of each parameter removed; ties as in `prune`.

    Args:
        scores: by parameter name, tensors of the parameters' shapes.
        masks: which weights are left so far; these alone can be removed.
        counts: by parameter name, how many weights to leave, from 0 to as many as are left so far.
    """
    kept: dict[str, torch.Tensor] = {}
    for name, mask in masks.kept.items():
        kept |= _keep_highest(scores, {name: mask}, counts[name])
    return Masks(kept)


def _keep_highest(
    scores: Mapping[str, torch.Tensor], kept: Mapping[str, torch.Tensor], keep: int
) -> dict[str, torch.Tensor]:
    flat_kept = torch.cat([mask.flatten() for mask in kept.values()])
    flat_scores = torch.cat([scores[name].flatten() for name in kept])
    left = flat_kept.nonzero().flatten()
    ascending = torch.sort(flat_scores[left], stable=True).indices
    survivors = torch.zeros_like(flat_kept)
    survivors[left[ascending[left.numel() - keep :]]] = True
    parts = torch.split(survivors, [mask.numel() for mask in kept.values()])
    return {name: part.view_as(mask) for (name, mask), part in zip(kept.items(), parts, strict=True)}
