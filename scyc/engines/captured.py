"""A step that is recorded once, and then replayed: a GPU is not kept waiting for Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WARM_UP = 3
"""Steps taken before the recording: libraries choose their kernels and allocate their workspaces in them."""


class Captured:
    """A step as a CUDA graph; on a CPU, where there are none, the step itself.

    Args:
        take: takes a step; reads and writes the same tensors whenever it is called, and never asks the host.
        state: every tensor that a step changes and the next one reads; the warm-up's changes are undone there.
    """

    def __init__(
        self, take: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], state: Sequence[torch.Tensor]
    ) -> None:
        self._take, self._state = take, state
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: torch.Tensor | None = None

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Take a step; what it returns is overwritten by the next one."""
        if self._inputs is None:
            self._inputs, self._targets = inputs.clone(), targets.clone()
            self._warm_up(inputs.device)
        self._inputs.copy_(inputs)
        self._targets.copy_(targets)
        if self._graph is None:
            return self._take(self._inputs, self._targets)
        self._graph.replay()
        return self._losses

    def _warm_up(self, device: torch.device) -> None:
        assert self._inputs is not None
        kept = [tensor.detach().clone() for tensor in self._state]
        if device.type == "cuda":
            aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    self._take(self._inputs, self._targets)
            torch.cuda.current_stream(device).wait_stream(aside)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._losses = self._take(self._inputs, self._targets)
        else:
            self._take(self._inputs, self._targets)
        with torch.no_grad():
            for tensor, former in zip(self._state, kept, strict=True):
                tensor.copy_(former)
