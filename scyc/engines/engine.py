"""What an engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch


class Gradients(Protocol):
    """Computes the gradients of one network."""

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Leave the gradients of a batch's mean cross-entropy in the parameters' `.grad`; return the loss, detached.

        Args:
            inputs: of shape (B, *features).
            targets: class indices of shape (B,).
        """
        ...
