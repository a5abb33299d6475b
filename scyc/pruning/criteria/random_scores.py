"""Random pruning, the baseline of every criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scyc.randomness import stream

if TYPE_CHECKING:
    from scyc.pruning.masks import Masks


def random_scores(masks: Masks, *, seed: int, level: int) -> dict[str, torch.Tensor]:
    """Return the numbers 0, 1, ... in random order over all prunable weights: without ties, on any machine the same.

    The order is a new one at each level and depends on (seed, level) and the number of weights alone.
    """
    order = torch.randperm(masks.total, generator=stream("random pruning", seed, level))
    parts = torch.split(order, [mask.numel() for mask in masks.kept.values()])
    return {
        name: part.view(mask.shape).to(mask.device)
        for (name, mask), part in zip(masks.kept.items(), parts, strict=True)
    }
