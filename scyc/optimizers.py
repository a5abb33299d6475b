"""Optimizers by their settings."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from scyc.errors import InputError

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

Kind = TypeVar("Kind", bound="Optimizer")


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
        """Refuse settings that do not go together."""
        if self.kind not in ("sgd", "adamw"):
            raise InputError(f"There is no optimizer {self.kind!r}; choose sgd or adamw.")
        if self.kind == "adamw" and self.nesterov:
            raise InputError("AdamW has no Nesterov momentum; leave nesterov out, or choose sgd.")

    @property
    def remembers(self) -> bool:
        """Whether the optimizer has a memory of earlier steps."""
        return self.kind == "adamw" or self.momentum > 0

    def build(self, model: nn.Module) -> Optimizer:
        """Return a fresh optimizer over the model's parameters."""
        import torch

        if self.kind == "adamw":
            return _undecorated(torch.optim.AdamW)(
                model.parameters(),
                lr=0.0,
                betas=(self.momentum, self.beta2),
                weight_decay=self.weight_decay,
                fused=True,
            )
        return _undecorated(torch.optim.SGD)(
            model.parameters(),
            lr=0.0,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.nesterov,
            fused=True,
        )


def _undecorated(kind: type[Kind]) -> type[Kind]:
    """Return the same optimizer without PyTorch's decorators.

    They import PyTorch's compiler, which is not used here and takes a second of every process that trains.
    """
    import torch

    methods = {"step": torch.no_grad()(inspect.unwrap(kind.step))}
    methods["add_param_group"] = inspect.unwrap(kind.add_param_group)
    return type(kind.__name__, (kind,), methods)
