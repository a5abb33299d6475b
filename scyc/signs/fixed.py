"""Training with signs held as they are: magnitudes are learned, signs are not.

A control of "Masks, Signs, And Learning Rate Rewinding" (arXiv 2402.19262), as in
github.com/AdvaitGadhikar/imp-lrr-lts: after every step each weight's magnitude gets its first sign back, so one that
would have crossed zero is reflected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer
    from torch.utils.hooks import RemovableHandle

    from scyc.pruning import Masks


class FixedSigns:
    """Holds the signs that a model's weights have now.

    Args:
        model: that will be trained, on its device.
        masks: whose weights are held; all others, biases and BatchNorm's among them, are free. A weight that is zero
            has no sign to hold, and is free too.
    """

    def __init__(self, model: nn.Module, masks: Masks) -> None:
        self._weights = [model.get_parameter(name) for name in masks.kept]
        self._signs = [weight.detach().sign() for weight in self._weights]

    @torch.no_grad()
    def apply(self) -> None:
        """Give every weight its sign back, its magnitude as it is."""
        for weight, sign in zip(self._weights, self._signs, strict=True):
            weight.copy_(torch.where(sign == 0, weight, weight.abs() * sign))

    def attach(self, optimizer: Optimizer) -> RemovableHandle:
        """Apply it after every step of `optimizer`; the handle's `remove()` ends it."""

        def after_step(_optimizer: Optimizer, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
            self.apply()

        return optimizer.register_step_post_hook(after_step)
