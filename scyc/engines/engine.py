"""What an engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import nn

    from scyc.training.learner import Learner
    from scyc.training.recipe import Recipe


class Gradients(Protocol):
    """Computes the gradients of one network."""

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Leave the gradients of a batch's mean cross-entropy in the parameters' `.grad`; return the loss, detached.

        Args:
            inputs: of shape (B, *features).
            targets: class indices of shape (B,).
        """
        ...


class Steps(Protocol):
    """Takes the steps of networks that are trained in lock-step."""

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor, step: int) -> torch.Tensor:
        """Take one step with every network: gradients, optimizer, masks, and what is recorded of it.

        Args:
            inputs: of shape (B, *features), the same for every network.
            targets: class indices of shape (B,).
            step: number of steps taken, from 0 on.

        Returns:
            The losses before the step, of shape (networks,), detached; valid until the next call.
        """
        ...


class Engine(Protocol):
    """A way to train networks of one architecture in lock-step.

    Attributes:
        largest: how many networks it trains together at most.
    """

    largest: int

    def objection(self, model: nn.Module, recipe: Recipe, device: torch.device) -> str | None:
        """Return why it does not train such networks on such a device, as a clause; None where it does."""
        ...

    def lay_out(self, model: nn.Module) -> None:
        """Lay the parameters out in memory as the engine wants them, before the network's `Learner` is made."""
        ...

    def bind(self, learners: Sequence[Learner]) -> Steps:
        """Return what takes the steps of these networks, which are on one device."""
        ...
