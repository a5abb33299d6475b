"""Networks side by side: their steps run on parallel streams inside one CUDA graph."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from scyc.engines.captured import LockStep, side_stream
from scyc.engines.demands import objection_to_lock_step
from scyc.engines.eager import Autograd
from scyc.optimizer_state import start_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from scyc.engines.engine import Steps
    from scyc.training.learner import Learner
    from scyc.training.recipe import Recipe


class Graphs:
    """Every network keeps its own kernels; a GPU works on those of several networks at the same time."""

    largest = 64

    def objection(self, model: nn.Module, recipe: Recipe, device: torch.device) -> str | None:
        """Return why it does not train such networks on such a device, as a clause; None where it does."""
        if device.type != "cuda":
            return "CUDA graphs need a GPU"
        return objection_to_lock_step(model, recipe)

    def lay_out(self, model: nn.Module) -> None:
        """Put the channels of every convolution's weights last, as tensor cores like them."""
        model.to(memory_format=torch.channels_last)

    def bind(self, learners: Sequence[Learner]) -> Steps:
        """Return what takes the steps of these networks."""
        return _SideBySide(learners)


class _SideBySide(LockStep):
    def __init__(self, learners: Sequence[Learner]) -> None:
        super().__init__(learners)
        self._gradients = [Autograd(learner.model, learner.recipe) for learner in learners]
        on_gpu = self.device.type == "cuda"
        self._streams = [side_stream(self.device, 1 + number) for number in range(len(learners))] if on_gpu else None
        groups = [group for learner in learners for group in learner.optimizer.param_groups]
        self._adams = [group for group in groups if "capturable" in group]
        state: list[torch.Tensor] = []
        for learner, rate in zip(learners, self.rates.now, strict=True):
            for group in learner.optimizer.param_groups:
                group["lr"] = rate
            start_state(learner.optimizer)
            state += [*learner.model.parameters(), *learner.model.buffers()]
            for remembered in learner.optimizer.state.values():
                state += [value for value in remembered.values() if isinstance(value, torch.Tensor)]
        self.record(state)

    def take(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Take a step with every network on its stream; return the losses."""
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        recording = self._streams is not None and torch.cuda.is_current_stream_capturing()
        for group in self._adams:  # it warns of steps that could be recorded and are not, as in the warm-up
            group["capturable"] = recording
        begin = None if self._streams is None else torch.cuda.current_stream(self.device).record_event()
        losses = []
        for number, (learner, gradients) in enumerate(zip(self.learners, self._gradients, strict=True)):
            with self._aside(number, begin):
                losses.append(gradients(inputs, targets))
                learner.advance()
        return torch.stack(losses)

    @contextmanager
    def _aside(self, number: int, begin: torch.cuda.Event | None) -> Iterator[None]:
        """Work on a network's stream, from `begin` on; whoever comes after waits for it.

        Also where the work breaks off: a recording with a stream that nobody waits for cannot be ended, and from then
        on PyTorch would not give back any memory.
        """
        if self._streams is None or begin is None:
            yield
            return
        stream = self._streams[number]
        stream.wait_event(begin)
        try:
            with torch.cuda.stream(stream):
                yield
        finally:
            torch.cuda.current_stream(self.device).wait_stream(stream)
