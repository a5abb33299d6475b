"""An optimizer's steps without what surrounds them, which for small networks takes longer than they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch.optim import Optimizer


class OptimizerSteps:
    """Takes an optimizer's steps, the same to the bit as its `step`, but not its hooks.

    `step` gathers, checks and sorts its tensors anew every time. Of SGD with momentum on a CPU, in single precision,
    this calls the kernel that `step` would call. Of any other optimizer it calls `step`.

    Args:
        optimizer: from `OptimizerSettings.build`. Its rates and momenta may change from step to step, its parameters
            may not.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._group = optimizer.param_groups[0]
        self._weights: list[torch.Tensor] = self._group["params"]
        self._has_kernel = (
            isinstance(optimizer, torch.optim.SGD)
            and len(optimizer.param_groups) == 1
            and all(weight.device.type == "cpu" and weight.dtype == torch.float32 for weight in self._weights)
        )
        self._momenta: list[torch.Tensor] = []  # of all weights, once they have any

    @torch.no_grad()
    def take(self) -> None:
        """Take a step with the gradients that are there."""
        group, gradients = self._group, [weight.grad for weight in self._weights if weight.grad is not None]
        if not (self._momenta and group["momentum"]) or len(gradients) < len(self._weights):
            self._optimizer.step()
            if self._has_kernel:
                found = [self._optimizer.state[weight].get("momentum_buffer") for weight in self._weights]
                self._momenta = [] if any(momentum is None for momentum in found) else found
            return
        torch._fused_sgd_(
            self._weights,
            gradients,
            self._momenta,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
            is_first_step=False,
        )
