"""What an optimizer remembers, and how a profile's momentum reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from torch import nn


def optimizer_state(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of what the optimizer remembers of the model's parameters, by `kind/parameter`."""
    return {
        f"{kind}/{name}": value.detach().clone(memory_format=torch.contiguous_format)
        for name, parameter in model.named_parameters()
        for kind, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, torch.Tensor)  # SGD without momentum remembers None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Give a fresh optimizer the `state` that `optimizer_state` returned for such a model."""
    parameters = dict(model.named_parameters())
    for key, value in state.items():
        kind, name = key.split("/", maxsplit=1)
        parameter = parameters[name]
        if value.shape == parameter.shape:  # laid out in memory as the parameter is: fused optimizers rely on it
            restored = torch.empty_like(parameter).copy_(value)
        else:
            restored = value.detach().clone().to(parameter.device)
        optimizer.state[parameter][kind] = restored.detach()


def start_state(optimizer: torch.optim.Optimizer) -> None:
    """Create the state that an optimizer has before its first step, which it would else create in that step.

    SGD's momentum then is zero, where its first step would make it a copy of the gradient: the same numbers.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state[parameter]
            kinds = ("exp_avg", "exp_avg_sq") if "betas" in group else ("momentum_buffer",)
            if state or not (group.get("betas") or group["momentum"]):
                continue
            state.update({kind: torch.zeros_like(parameter, requires_grad=False) for kind in kinds})
            if "betas" in group:
                state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)


def has_momentum(group: dict[str, Any]) -> bool:
    """Return whether an optimizer's parameter group has a momentum that can be set."""
    return "momentum" in group or "betas" in group


def set_momentum(group: dict[str, Any], momentum: float) -> None:
    """Set the momentum of an optimizer's parameter group: Adam's is its first beta, as in `OneCycleLR`."""
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum
