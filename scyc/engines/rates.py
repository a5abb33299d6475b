"""The learning rates of several networks on the device, one row per step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.training.learner import Learner


class Rates:
    """The networks' learning rates at the current step.

    Attributes:
        now: of shape (networks,): always the same memory, so that a recorded step finds them there. Single precision
            on a GPU, whose optimizer kernels read nothing else, double on a CPU.
    """

    def __init__(self, learners: Sequence[Learner], device: torch.device) -> None:
        precision = torch.float32 if device.type == "cuda" else torch.float64
        by_network = torch.tensor([learner.rates for learner in learners], dtype=precision)
        self._table = by_network.t().contiguous().to(device)
        self.now = self._table[0].clone()

    def move_to(self, step: int) -> None:
        """Set `now` to the learning rates of a step; steps count from 0."""
        self.now.copy_(self._table[step])
