"""Steps that are recorded once, and then replayed, so that a GPU does not wait for Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING

import torch

from scyc.engines.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scyc.training.learner import Learner

    Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

WARM_UP = 3
"""Steps taken before the recording: libraries choose their kernels and allocate their workspaces in them."""


class Captured:
    """A step as a CUDA graph; on a CPU, where there are none, the step itself.

    Args:
        state: every tensor that a step changes and the next one reads; the warm-up's changes are undone there.
    """

    def __init__(self, state: Sequence[torch.Tensor]) -> None:
        self._state = state
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: torch.Tensor | None = None

    def __call__(self, take: Step, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Take a step; what it returns is overwritten by the next one.

        Args:
            take: takes a step, the same one at every call: reads and writes the same tensors, never asks the host. It
                is not kept, or the cycle would hold the graph's memory until the garbage is collected.
            inputs: of shape (B, *features).
            targets: class indices of shape (B,).
        """
        if self._inputs is None:
            self._inputs, self._targets = inputs.clone(), targets.clone()
            self._warm_up(take, inputs.device)
        self._inputs.copy_(inputs)
        self._targets.copy_(targets)
        if self._graph is None:
            return take(self._inputs, self._targets)
        self._graph.replay()
        return self._losses

    def _warm_up(self, take: Step, device: torch.device) -> None:
        assert self._inputs is not None
        kept = [tensor.detach().clone() for tensor in self._state]
        if device.type == "cuda":
            aside = side_stream(device, 0)
            aside.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    take(self._inputs, self._targets)
            torch.cuda.current_stream(device).wait_stream(aside)
            self._graph, self._losses = recorded(take, self._inputs, self._targets, aside)
        else:
            take(self._inputs, self._targets)
        with torch.no_grad():
            for tensor, former in zip(self._state, kept, strict=True):
                tensor.copy_(former)


@cache
def side_stream(device: torch.device, _number: int) -> torch.cuda.Stream:
    """Return a stream beside the usual one, always the same: libraries keep memory for each that they have seen."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def recorded(
    take: Step, inputs: torch.Tensor, targets: torch.Tensor, stream: torch.cuda.Stream | None = None
) -> tuple[torch.cuda.CUDAGraph, torch.Tensor]:
    """Return a step as a graph, recorded on a stream, and where it leaves its losses.

    What the step raises is what is raised: a recording that is broken off ends with an error of its own, which would
    hide that the memory was full.
    """
    graph, failed = torch.cuda.CUDAGraph(), None
    try:
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):  # others may be loading data
            try:
                losses = take(inputs, targets)
            except BaseException as error:
                failed = error
    except RuntimeError:
        if failed is None:
            raise
    if failed is not None:
        try:
            raise failed
        finally:
            del failed  # it holds this frame, which would hold it
    return graph, losses


class LockStep(ABC):
    """Steps of several networks, recorded as one; an engine says in `take` how one is taken.

    Args:
        learners: the networks, on one device.
    """

    def __init__(self, learners: Sequence[Learner]) -> None:
        self.learners = learners
        self.device = next(learners[0].model.parameters()).device
        self.rates = Rates(learners, self.device)

    def record(self, state: Sequence[torch.Tensor]) -> None:
        """Get ready to record the step; `state` is what it changes, see `Captured`."""
        self._captured = Captured(state)

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor, step: int) -> torch.Tensor:
        """Take one step with every network, and return their losses."""
        self.rates.move_to(step)
        losses = self._captured(self.take, inputs, targets)
        for learner in self.learners:
            learner.observe(step)
        return losses

    @abstractmethod
    def take(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Take a step with the rates that are in `self.rates.now`; return the losses."""
