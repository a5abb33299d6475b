"""What a network is made of: parameters, buffers and layers that can be trained, pruned and stored."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from scyc.errors import InputError
from scyc.pruning import own_names

if TYPE_CHECKING:
    from collections.abc import Iterator

_REGISTERS = frozenset({"_parameters", "_buffers", "_modules"})
"""Where a module keeps what PyTorch knows of it."""


def check_parts(model: nn.Module, name: str) -> None:
    """Check what a network is made of.

    Args:
        model: the network.
        name: of its workload, for messages.

    Raises:
        InputError: a parameter, buffer or layer is of a kind that training cannot do justice to.
    """
    for prefix, layer in model.named_modules():
        if isinstance(layer, nn.Embedding | nn.EmbeddingBag) and layer.sparse:
            raise InputError(
                f"The layer {prefix or type(model).__name__} ({type(layer).__name__}) of the workload {name!r} has "
                "sparse gradients, which the optimizers do not take; make it with sparse=False."
            )
    for label, tensor in chain(model.named_parameters(), model.named_buffers()):
        parameter = isinstance(tensor, nn.Parameter)
        fault = _fault(tensor, parameter=parameter)
        if fault:
            what = "parameter" if parameter else "buffer"
            raise InputError(f"The {what} {label} of the network of the workload {name!r} {fault}.")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(
            f"No parameter of the network of the workload {name!r} requires a gradient, so there is nothing to train; "
            "call `requires_grad_()` on what is to be trained."
        )
    _check_known(model, name)
    _check_overlap(model, name)
    odd = [key for key, value in model.state_dict().items() if not isinstance(value, torch.Tensor)]
    lacking = set(own_names(model).values()) - model.state_dict().keys()
    if odd or lacking:
        what = f"{odd[0]} is no tensor" if odd else f"it lacks the parameter {min(lacking)}"
        raise InputError(
            f"The state_dict of the network of the workload {name!r} cannot be stored: {what}; keep what the network "
            "remembers in parameters and buffers, under their own names."
        )


def _fault(tensor: torch.Tensor, *, parameter: bool) -> str | None:
    """Return what is wrong with a parameter or buffer, and what to do, as the end of a sentence."""
    if is_lazy(tensor):
        return "has no shape yet, because its layer is lazy; in build_model, call the model once on an example"
    if tensor.is_meta:
        return 'is on the device "meta", without numbers; build the model on the CPU'
    if tensor.layout != torch.strided:
        return f"is sparse ({tensor.layout}); make it dense"
    if parameter and not tensor.is_floating_point():
        dtype = str(tensor.dtype).removeprefix("torch.")
        return f"is {dtype}, and optimizers need real numbers; " + (
            "keep real and imaginary part as two parameters" if tensor.is_complex() else "register it as a buffer"
        )
    return None


def _check_overlap(model: nn.Module, name: str) -> None:
    """Check that no two parameters lie in the same memory: masks and devices would treat them as two."""
    spans: dict[int, list[tuple[int, int, str]]] = {}
    for label, parameter in model.named_parameters():
        start = parameter.data_ptr()
        if parameter.numel():
            end = start + parameter.element_size() * (
                1 + sum((size - 1) * stride for size, stride in zip(parameter.shape, parameter.stride(), strict=True))
            )
            spans.setdefault(parameter.untyped_storage().data_ptr(), []).append((start, end, label))
    for group in spans.values():
        group.sort()
        for (_, end, label), (start, _, next_label) in pairwise(group):
            if start < end:
                raise InputError(
                    f"The parameters {label} and {next_label} of the network of the workload {name!r} are two views of "
                    "one memory, which a GPU would part; share the nn.Parameter itself, and transpose it in forward."
                )


def _check_known(model: nn.Module, name: str) -> None:
    """Check that PyTorch knows all that is to be trained: what is in a plain list, it does not."""
    known = set(model.parameters())
    for prefix, layer in model.named_modules():
        for attribute, value in vars(layer).items():
            if attribute not in _REGISTERS and any(weight not in known for weight in _leaves(value)):
                raise InputError(
                    f"{f'{prefix}.' if prefix else ''}{attribute} of the network of the workload {name!r} has weights "
                    "that PyTorch does not know as the network's, so they are neither trained nor pruned nor stored. "
                    "Put layers in a torch.nn.ModuleList or ModuleDict and tensors in a torch.nn.Parameter; or call "
                    "`requires_grad_(False)` on what is not to be trained."
                )


def _leaves(value: object) -> Iterator[torch.Tensor]:
    """Yield the tensors in an attribute that ask to be trained."""
    if isinstance(value, torch.Tensor):
        if value.requires_grad and value.is_leaf:
            yield value
    elif isinstance(value, nn.Module):
        yield from (weight for weight in value.parameters() if weight.requires_grad)
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
