"""The greedy oracle: which unit's removal would give the lowest training loss, without a forward pass for each.

Up to the layer that a unit feeds the network is the same whichever unit is missing, so that part is computed once.
There, the removal takes the unit's own contribution away: a change of rank one where that layer is linear and takes one
number from each unit. What comes after is computed for many candidates at once, as one large batch, within a bound on
memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from scyc.dropnet.activity import check_apart
from scyc.dropnet.layers import steps_of
from scyc.errors import InputError
from scyc.training.evaluation import EVALUATION_BATCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scyc.data import Split
    from scyc.dropnet.layers import HiddenLayer
    from scyc.dropnet.units import Units

MEMORY = 2**25
"""Bytes that the activations of a batch of candidates take, about."""

LIVE = 4
"""How many tensors of the widest step's size are there at a time: its input, its output, temporaries."""

TIE = 1e-6
"""Losses that differ by no more than this part of the lowest (or of 1, if that is more) count as equal."""


@torch.no_grad()
def losses_without(
    model: nn.Module, layers: Sequence[HiddenLayer], units: Units, split: Split, *, memory: int = MEMORY
) -> dict[str, torch.Tensor]:
    """Return the mean cross-entropy over `split` that the network would have without each unit, all else unchanged.

    A unit that puts out zero on every example changes nothing, and gets exactly the loss of the whole network.

    Args:
        model: the trained network, on the device of `split`, with zeros where units are dropped already; it is left in
            evaluation mode.
        layers: its hidden layers.
        units: which are left; these alone are candidates.
        split: the training examples.
        memory: bytes that the activations of the candidates may take at a time, > 0, about; at the least one example is
            computed for one candidate.

    Returns:
        By layer, float64 vectors on the CPU; infinite for units that are gone.

    Raises:
        InputError: when a linear layer is applied to more than one vector per example.
    """
    model.eval()
    steps = [step for _, step in steps_of(model)]
    ends, fed = {layer.activation: layer for layer in layers}, {layer.successor: layer for layer in layers}
    sizes = _output_sizes(steps, next(split.batches(1))[0])
    rows = [max(1, memory // (LIVE * max(sizes[position:]))) for position in range(len(steps))]
    batch = min(rows[0], EVALUATION_BATCH)
    sums = {layer.name: torch.zeros(layer.width, dtype=torch.float64) for layer in layers}
    for inputs, targets in split.batches(batch):
        changed: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        outputs = inputs
        for position, step in enumerate(steps):
            before, outputs = outputs, step(outputs)
            if position in ends:
                check_apart(ends[position], outputs)
            if position in fed:
                layer = fed[position]
                active = before.reshape(len(before), layer.width, -1).any(2).any(0).cpu()
                candidates = (units.kept[layer.name] & active).nonzero().flatten()
                if len(candidates) == 0:
                    changed[layer.name] = candidates, torch.zeros(0, dtype=torch.float64)
                    continue
                blocks = torch.split(candidates, max(1, rows[position] // len(targets)))
                rest = steps[position + 1 :]
                found = [_losses(rest, _without(step, before, outputs, layer, block), targets) for block in blocks]
                changed[layer.name] = candidates, torch.cat(found).cpu()
        whole = _losses([], outputs[None], targets).cpu()
        for name, (candidates, losses) in changed.items():
            sums[name] += whole.expand(len(sums[name])).index_copy(0, candidates, losses)
    return {name: (total / len(split)).where(units.kept[name], torch.inf) for name, total in sums.items()}


def cheapest(losses: Mapping[str, torch.Tensor]) -> tuple[str, int]:
    """Return layer and unit of the lowest loss; of those within `TIE` of it, the first.

    Raises:
        InputError: when a loss is NaN, or there is no candidate.
    """
    joined = torch.cat(list(losses.values()))
    lowest = joined.min().item()
    if not lowest < torch.inf:  # NaN, too
        raise InputError(
            f"No unit's removal gives a finite loss (the lowest is {lowest}): either none is left, or "
            "the network's training diverged; in that case train with a lower lr."
        )
    unit = int((joined <= lowest + TIE * max(1.0, abs(lowest))).nonzero()[0])
    for name, values in losses.items():
        if unit < len(values):
            return name, unit
        unit -= len(values)
    raise AssertionError


def _without(
    step: nn.Module, inputs: torch.Tensor, outputs: torch.Tensor, layer: HiddenLayer, block: torch.Tensor
) -> torch.Tensor:
    """Return what `step` puts out without each unit of `block`; shape (len(block), *outputs.shape)."""
    block = block.to(inputs.device)
    if isinstance(step, nn.Linear) and inputs.dim() == 2:
        own = inputs.view(len(inputs), layer.width, -1).index_select(1, block).transpose(0, 1)  # (block, N, features)
        weights = step.weight.view(len(step.weight), layer.width, -1).index_select(1, block).permute(1, 2, 0)
        if own.shape[2] == 1:
            return torch.addcmul(outputs, own, weights, value=-1)
        return torch.baddbmm(outputs.expand(len(block), *outputs.shape), own, weights, alpha=-1)
    if isinstance(step, nn.Conv1d | nn.Conv2d | nn.Conv3d) and step.groups == 1:
        return torch.stack(
            [
                outputs - step._conv_forward(inputs[:, unit : unit + 1], step.weight[:, unit : unit + 1], None)
                for unit in block.tolist()
            ]
        )
    silenced = inputs.repeat(len(block), *[1] * inputs.dim()).view(len(block), len(inputs), layer.width, -1)
    silenced[torch.arange(len(block)), :, block] = 0
    silent: torch.Tensor = step(silenced.view(-1, *inputs.shape[1:]))
    return silent.view(len(block), *outputs.shape)


def _losses(rest: Sequence[nn.Module], outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the summed cross-entropy of each candidate; `outputs` has the shape (candidates, N, ...)."""
    candidates = len(outputs)
    logits = outputs.flatten(0, 1)
    for step in rest:
        logits = step(logits)
    # Classes in front: over few contiguous classes the same softmax takes ten times as long on a CPU.
    losses = F.cross_entropy(logits.t().contiguous()[None], targets.repeat(candidates)[None], reduction="none")
    return losses.view(candidates, -1).sum(1, dtype=torch.float64)


def _output_sizes(steps: Sequence[nn.Module], example: torch.Tensor) -> list[int]:
    """Return how many bytes each step puts out for one example."""
    sizes = []
    for step in steps:
        example = step(example.clone())  # some activations work in place
        sizes.append(example.numel() * example.element_size())
    return sizes
