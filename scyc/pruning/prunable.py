"""Which parameters of a model are pruned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from scyc.errors import InputError

if TYPE_CHECKING:
    import torch

PRUNED_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def prunable_weights(model: nn.Module, *, batch_norm: bool = False) -> list[str]:
    """Return the names of the weights of convolutional and linear layers, attention's too, in the model's own order.

    Biases are never pruned. A weight that several layers share is named once, after the first of them.

    Args:
        model: any module.
        batch_norm: prune the scales of BatchNorm layers too, as the SILO authors' code does, which takes every
            parameter with "weight" in its name (github.com/Martin1937/SILO). A pruned scale silences its channel
            but for the bias.

    Raises:
        InputError: when the model has no such weight.
    """
    kinds = PRUNED_LAYERS + BATCH_NORMS if batch_norm else PRUNED_LAYERS
    names: dict[torch.Tensor, str] = {}
    for prefix, layer in model.named_modules():
        projections: tuple[str, ...] = ("weight",) if isinstance(layer, kinds) else ()
        if isinstance(layer, nn.MultiheadAttention):
            projections = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
        for name in projections:
            weight = getattr(layer, name)
            if weight is not None:  # a BatchNorm layer may have no scales; attention has one projection or three
                names.setdefault(weight, f"{prefix}.{name}" if prefix else name)
    if not names:
        raise InputError(
            f"{type(model).__name__} has no linear or convolutional layer, so there is nothing to prune; "
            "choose a workload with at least one."
        )
    return list(names.values())
