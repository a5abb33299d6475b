"""Which parameters of a model are pruned."""

from __future__ import annotations

from torch import nn

from scyc.errors import InputError

PRUNED_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def prunable_weights(model: nn.Module) -> list[str]:
    """Return the names of the weights of convolutional and linear layers, in the model's own order.

    Biases and normalisation layers are never pruned.

    Raises:
        InputError: when the model has no such weight.
    """
    names = [
        f"{prefix}.weight" if prefix else "weight"
        for prefix, layer in model.named_modules()
        if isinstance(layer, PRUNED_LAYERS)
    ]
    if not names:
        raise InputError(
            f"{type(model).__name__} has no linear or convolutional layer, so there is nothing to prune; "
            "choose a workload with at least one."
        )
    return names
