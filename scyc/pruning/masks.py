"""Masks: which weights are left, and how the others stay at zero during training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch.optim import Optimizer
    from torch.utils.hooks import RemovableHandle


class Masks:
    """One boolean tensor per prunable parameter: True where the weight is left.

    Masking gradients is not enough: momentum and weight decay that were carried over from before the pruning
    revive weights. So pruned weights are set to zero after every optimizer step.

    Args:
        kept: by parameter name, boolean tensors of the parameters' shapes.
    """

    def __init__(self, kept: Mapping[str, torch.Tensor]) -> None:
        self.kept = dict(kept)

    @classmethod
    def dense(cls, model: nn.Module, names: Sequence[str]) -> Masks:
        """Return masks that keep every weight of the parameters `names`."""
        return cls({name: torch.ones_like(model.get_parameter(name), dtype=torch.bool) for name in names})

    def renamed(self, names: Mapping[str, str]) -> Masks:
        """Return the same masks with the parameters' new names; those that `names` does not have keep theirs."""
        return Masks({names.get(name, name): mask for name, mask in self.kept.items()})

    def in_order(self, names: Sequence[str]) -> Masks:
        """Return the same masks in the order of `names`: ties and random draws depend on it.

        Raises:
            InputError: when they are masks of other parameters.
        """
        if set(names) != set(self.kept):
            odd = ", ".join(sorted(set(names) ^ set(self.kept)))
            raise InputError(f"These masks are another network's: only one of the two has the prunable weights {odd}.")
        return Masks({name: self.kept[name] for name in names})

    @property
    def total(self) -> int:
        """Number of prunable weights, pruned ones included."""
        return sum(mask.numel() for mask in self.kept.values())

    @property
    def alive(self) -> int:
        """Number of weights left."""
        return sum(int(mask.count_nonzero()) for mask in self.kept.values())

    @property
    def density(self) -> float:
        """Fraction of prunable weights left."""
        return self.alive / self.total

    def bind(self, model: nn.Module) -> BoundMasks:
        """Return the masks tied to `model`'s parameters and device, ready to be applied after each step."""
        return BoundMasks(self, model)


class BoundMasks:
    """Masks tied to the parameters of one model."""

    def __init__(self, masks: Masks, model: nn.Module) -> None:
        self._weights: list[torch.Tensor] = [model.get_parameter(name) for name in masks.kept]
        self._factors = [
            torch.empty_like(weight).copy_(mask)  # laid out in memory as the weight is
            for mask, weight in zip(masks.kept.values(), self._weights, strict=True)
        ]

    @torch.no_grad()
    def apply(self) -> None:
        """Set every pruned weight to zero, unless a diverged training has left it NaN."""
        torch._foreach_mul_(self._weights, self._factors)

    def attach(self, optimizer: Optimizer) -> RemovableHandle:
        """Apply the masks now and after every step of `optimizer`; the handle's `remove()` ends it."""
        self.apply()

        def after_step(_optimizer: Optimizer, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
            self.apply()

        return optimizer.register_step_post_hook(after_step)
