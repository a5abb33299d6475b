"""What training in lock-step, as one recorded step, asks of a network and its recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from scyc.profiles import momenta

if TYPE_CHECKING:
    from scyc.training.recipe import Recipe


def objection_to_lock_step(model: nn.Module, recipe: Recipe) -> str | None:
    """Return why such networks cannot be trained in lock-step, as a clause; None where they can."""
    if any(_draws(layer) for layer in model.modules()):
        return "networks in lock-step cannot draw the dropout that each would draw alone"
    if any(_counts(layer) for layer in model.modules()):
        return "a BatchNorm without momentum asks for its count of batches in every step"
    if momenta(recipe.profile, 1) is not None:
        return "a recorded step cannot change its momentum"
    return None


def _draws(layer: nn.Module) -> bool:
    if isinstance(layer, _DropoutNd):
        return layer.p > 0
    return isinstance(layer, nn.MultiheadAttention | nn.RNNBase) and layer.dropout > 0


def _counts(layer: nn.Module) -> bool:
    """Return whether the layer averages over all batches so far, and reads their number from the device."""
    return isinstance(layer, _NormBase) and layer.track_running_stats and layer.momentum is None
