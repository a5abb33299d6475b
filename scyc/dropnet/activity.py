"""How active the units of a trained network are: the score that DropNet drops by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scyc.dropnet.layers import steps_of
from scyc.errors import InputError
from scyc.training.evaluation import EVALUATION_BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from scyc.data import Split
    from scyc.dropnet.layers import HiddenLayer

BATCH = EVALUATION_BATCH // 4


@torch.no_grad()
def mean_activity(model: nn.Module, layers: Sequence[HiddenLayer], split: Split) -> dict[str, torch.Tensor]:
    """Return E(a) of every unit: its absolute activation, averaged over the examples of `split`.

    The activation of a node is what the activation function behind its layer puts out. A filter's is averaged over its
    nodes too, the positions of its feature map (Tan & Motani, "DropNet", ICML 2020).

    Args:
        model: the trained network, on the device of `split`; it is left in evaluation mode.
        layers: its hidden layers.
        split: the training examples.

    Returns:
        By layer, float64 vectors on the CPU; values >= 0, or not finite where training diverged.

    Raises:
        InputError: when a linear layer is applied to more than one vector per example.
    """
    model.eval()
    steps = [step for _, step in steps_of(model)]
    ends = {layer.activation: layer for layer in layers}
    device = split.device
    sums = {layer.name: torch.zeros(layer.width, dtype=torch.float64, device=device) for layer in layers}
    for inputs, _ in split.batches(BATCH):
        outputs = inputs
        for position, step in enumerate(steps[: max(ends) + 1]):
            outputs = step(outputs)
            if position in ends:
                check_apart(ends[position], outputs)
                nodes = outputs.abs().flatten(2).mean(2, dtype=torch.float64) if outputs.dim() > 2 else outputs.abs()
                sums[ends[position].name] += nodes.sum(0, dtype=torch.float64)
    return {name: (total / len(split)).cpu() for name, total in sums.items()}


def check_apart(layer: HiddenLayer, activations: torch.Tensor) -> None:
    """Check that every unit of `layer` has its own activations; raise InputError otherwise."""
    if (layer.kind == "nodes") != (activations.dim() == 2):
        raise InputError(
            f"The {layer.kind} of layer {layer.name!r} cannot be told apart in activations of shape "
            f"{tuple(activations.shape)}; linear layers must map one vector per example, of shape (N, inputs)."
        )
