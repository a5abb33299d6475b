"""A network's parameters and buffers as a state: each tensor once, however many names it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.func import functional_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from scyc.training.result import State


def copy_state(model: nn.Module) -> State:
    """Return a copy of a network's parameters and buffers, contiguous in memory whatever their own layout.

    A tensor that is shared has its first name alone, so whoever changes it in a state changes it everywhere.
    """
    tensors = model.state_dict(keep_vars=True)  # the parameters themselves, which tells the shared ones
    return {
        name: tensors[name].detach().clone(memory_format=torch.contiguous_format)
        for name, first in _first_names(tensors).items()
        if name == first
    }


def load_state(model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Give a network the parameters and buffers of a state, which has a shared tensor under one of its names or all."""
    names = _first_names(model.state_dict(keep_vars=True))
    shared = {name: state[first] for name, first in names.items() if first in state}
    model.load_state_dict({**state, **shared})


def _first_names(tensors: Mapping[str, torch.Tensor]) -> dict[str, str]:
    first: dict[torch.Tensor, str] = {}
    return {name: first.setdefault(tensor, name) for name, tensor in tensors.items()}


class Replaced:
    """A network as a function of its parameters and buffers too.

    `torch.func.functional_call` leaves a network broken that has one layer in two places: it puts back what it found at
    the second place, which is what it put in at the first.

    Args:
        model: any module; a call leaves it as it was, but for buffers that it updates.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        first = {tensor: name for name, tensor in (*model.named_parameters(), *model.named_buffers())}
        self._places = {  # each place once, with the name of what is there
            f"{prefix}.{name}" if prefix else name: first[tensor]
            for prefix, layer in model.named_modules()
            for name, tensor in (*layer._parameters.items(), *layer._buffers.items())
            if tensor is not None
        }

    def __call__(self, tensors: Mapping[str, torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs with other parameters and buffers, by name; what is not there stays the network's own."""
        given = {place: tensors[name] for place, name in self._places.items() if name in tensors}
        outputs: torch.Tensor = functional_call(self._model, given, (inputs,), tie_weights=False)
        return outputs
