"""The reference, operation by operation, one network at a time; and the same with images laid out channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from scyc.engines.lean import Lean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.engines.engine import Gradients, Steps
    from scyc.training.learner import Learner
    from scyc.training.recipe import Recipe


class Autograd:
    """Gradients by autograd, for any network."""

    def __init__(self, model: nn.Module, recipe: Recipe) -> None:
        self.model, self.recipe = model, recipe

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Leave the gradients in the parameters' `.grad`, and return the loss."""
        self.model.zero_grad()
        with self.recipe.autocast(inputs.device):
            loss = F.cross_entropy(self.model(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


def gradients_of(model: nn.Module, recipe: Recipe, device: torch.device) -> Gradients:
    """Return the fastest way to the gradients that autograd computes, to the bit."""
    return Lean(model) if Lean.trains(model, recipe, device) else Autograd(model, recipe)


class Eager:
    """The reference engine."""

    largest = 1

    def objection(self, model: nn.Module, recipe: Recipe, device: torch.device) -> str | None:  # noqa: ARG002
        """Return None: it trains every network."""
        return None

    def lay_out(self, model: nn.Module) -> None:
        """Leave everything as it is."""

    def bind(self, learners: Sequence[Learner]) -> Steps:
        """Return what takes the steps of one network."""
        [learner] = learners
        device = next(learner.model.parameters()).device
        gradients = gradients_of(learner.model, learner.recipe, device)

        def take(inputs: torch.Tensor, targets: torch.Tensor, step: int) -> torch.Tensor:
            learner.set_rates(step)
            loss = gradients(inputs, targets)
            learner.advance()
            learner.observe(step)
            return loss.reshape(1)

        return take


class ChannelsLast(Eager):
    """The reference with convolutions whose weights and images have their channels last, as processors like them.

    Sums are added up in another order than the reference's, so numbers differ from its by rounding.
    """

    def objection(self, model: nn.Module, recipe: Recipe, device: torch.device) -> str | None:  # noqa: ARG002
        """Return why not: it is for networks with convolutions over images."""
        if any(isinstance(layer, nn.Conv2d) for layer in model.modules()):
            return None
        return "it is for networks with convolutions"

    def lay_out(self, model: nn.Module) -> None:
        """Put the channels of every convolution's weights last."""
        model.to(memory_format=torch.channels_last)

    def bind(self, learners: Sequence[Learner]) -> Steps:
        """Return what takes the steps of one network."""
        take = super().bind(learners)

        def take_channels_last(inputs: torch.Tensor, targets: torch.Tensor, step: int) -> torch.Tensor:
            return take(inputs.contiguous(memory_format=torch.channels_last), targets, step)

        return take_channels_last
