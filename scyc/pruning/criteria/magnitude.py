"""The magnitude of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from scyc.pruning.masks import Masks


def magnitude(weights: Mapping[str, torch.Tensor], masks: Masks) -> dict[str, torch.Tensor]:
    """Return the absolute value of each prunable weight."""
    return {name: weights[name].detach().abs() for name in masks.kept}
