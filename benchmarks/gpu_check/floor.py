"""The least time that a GPU's memory needs for a step.

Each layer's inputs and outputs move through memory once in the forward pass and twice in the backward pass: the
gradient of the output and the input are read, the gradient of the input is written. Weights, gradients and momenta move
as often as SGD reads and writes them. Nothing is kept in caches, and nothing else takes time. The speed of the memory
is that of copying.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn


def bytes_moved(model: nn.Module, shape: Sequence[int], width: int) -> int:
    """Return the least number of bytes that one training step moves, by the assumptions above.

    Args:
        model: on any device; it is given one batch.
        shape: of the batch.
        width: bytes per activation.
    """
    moved = 0

    def count(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: object) -> None:
        nonlocal moved
        outputs = output if isinstance(output, tuple) else (output,)
        read, written = (
            sum(one.numel() for one in several if isinstance(one, torch.Tensor)) for several in (inputs, outputs)
        )
        moved += width * (read + written + written + read + read)

    leaves = [layer for layer in model.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(count) for layer in leaves]
    with torch.no_grad():
        model.eval()(torch.zeros(*shape, device=next(model.parameters()).device))
    for handle in handles:
        handle.remove()
    weights = sum(weight.numel() for weight in model.parameters())
    return moved + 4 * weights * 8  # forward and backward, gradient written and read; SGD: weight, momentum, mask


def bandwidth(device: torch.device, size: int) -> float:
    """Return the bytes per second that copying `size` bytes moves; reading and writing both count."""
    source = torch.empty(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    spent = []
    for _ in range(10):
        started = time.perf_counter()
        target.copy_(source)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        spent.append(time.perf_counter() - started)
    return 2 * size / statistics.median(spent)
