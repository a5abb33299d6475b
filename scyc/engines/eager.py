"""The reference: a forward and a backward pass by autograd, for whatever network there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F

if TYPE_CHECKING:
    import torch
    from torch import nn

    from scyc.training import Recipe


class Eager:
    """Gradients by autograd."""

    def __init__(self, model: nn.Module, recipe: Recipe) -> None:
        self.model, self.recipe = model, recipe

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Leave the gradients in the parameters' `.grad`, and return the loss."""
        self.model.zero_grad()
        with self.recipe.autocast(inputs.device):
            loss = F.cross_entropy(self.model(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
