"""Engines: how the gradients of a network are computed. All of them give the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.engines.eager import Eager
from scyc.engines.lean import Lean

if TYPE_CHECKING:
    import torch
    from torch import nn

    from scyc.engines.engine import Gradients
    from scyc.training import Recipe

__all__ = ["Eager", "Lean", "gradients_of"]


def gradients_of(model: nn.Module, recipe: Recipe, device: torch.device) -> Gradients:
    """Return the fastest engine that trains this network."""
    return Lean(model) if Lean.trains(model, recipe, device) else Eager(model, recipe)
