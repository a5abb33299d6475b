"""Optimizers, and how a profile's learning rate and momentum reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from torch import nn


@dataclass(frozen=True)
class OptimizerSettings:
    """An optimizer's settings; the learning rate comes from the profile and `max_lr`.

    Attributes:
        kind: "sgd", or "adamw" (Loshchilov & Hutter, "Decoupled Weight Decay Regularization", ICLR 2019).
        momentum: of SGD; AdamW's first beta. A profile may set it at every step.
        weight_decay: L2 penalty of SGD, decoupled in AdamW, >= 0.
        nesterov: of SGD.
        beta2: of AdamW.

    Raises:
        InputError: when there is no such kind, or Nesterov momentum is asked of AdamW.
    """

    kind: Literal["sgd", "adamw"] = "sgd"
    momentum: float = 0.9
    weight_decay: float = 5e-4
    nesterov: bool = False
    beta2: float = 0.999

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.kind not in ("sgd", "adamw"):
            raise InputError(f"There is no optimizer {self.kind!r}; choose sgd or adamw.")
        if self.kind == "adamw" and self.nesterov:
            raise InputError("AdamW has no Nesterov momentum; leave nesterov out, or choose sgd.")

    @property
    def remembers(self) -> bool:
        """Whether the optimizer has a memory of earlier steps."""
        return self.kind == "adamw" or self.momentum > 0

    def build(self, model: nn.Module) -> torch.optim.Optimizer:
        """Return a fresh optimizer over the model's parameters."""
        if self.kind == "adamw":
            return torch.optim.AdamW(
                model.parameters(),
                lr=0.0,
                betas=(self.momentum, self.beta2),
                weight_decay=self.weight_decay,
                fused=True,
            )
        return torch.optim.SGD(
            model.parameters(),
            lr=0.0,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
            fused=True,
        )


def optimizer_state(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of what the optimizer remembers of the model's parameters, by `kind/parameter`."""
    return {
        f"{kind}/{name}": value.detach().clone(memory_format=torch.contiguous_format)
        for name, parameter in model.named_parameters()
        for kind, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, torch.Tensor)  # SGD without momentum remembers None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Let a fresh optimizer go on from `state`, which `optimizer_state` returned for such a model."""
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
    """Give an optimizer's parameters the memory of no steps, as it would itself at the first one.

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
