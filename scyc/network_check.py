"""Whether a workload's network is what training takes it for, found out before any work starts.

Training assumes of a network: it is new at every call and drawn from PyTorch's generators; its parameters are real
numbers that a state holds; it maps a batch, of whatever size, to logits; and one step, from one seed, is one step. Who
breaks that gets wrong numbers, or an error in the middle of a sweep. The check costs a few networks and small passes.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from scyc.engines import EAGER
from scyc.errors import InputError
from scyc.network_steps import Steps, difference
from scyc.pruning import own_names
from scyc.randomness import seeded
from scyc.state import copy_state, load_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scyc.data import Dataset
    from scyc.engines import Engine
    from scyc.protocol import Protocol

SEED = 0

_MUST = "`build_model` of the workload {!r} must return a new network at every call"


def check_network(protocol: Protocol, data: Dataset, device: torch.device | str = "cpu") -> None:
    """Check that the workload's network can be trained, and again and again in the same way.

    Args:
        protocol: workload, recipe and pruning.
        data: the workload's data; a few examples are used.
        device: to train on.

    Raises:
        InputError: it cannot; the sentence names the layer or the parameter, and says what to do.
    """
    name = protocol.workload.name
    first, second = build(protocol), build(protocol)
    _check_parts(first, name)
    _check_new(first, second, name)
    constants = {label: (buffer, buffer.clone()) for label, buffer in _shared(second.named_buffers(), first)}
    with _saying(f"The state of the network of the workload {name!r} cannot be stored and loaded"):
        load_state(second, copy_state(first))
    protocol.prunable(first)
    steps = Steps(protocol, data, torch.device(device))
    _check_augmentation(steps, name)
    with _saying(f"The network of the workload {name!r} cannot be evaluated"):
        for size in (len(steps.targets), 1):
            _check_logits(steps.logits(first, size), size, data.num_classes, name)
    with _saying(f"The network of the workload {name!r} cannot take a training step"):
        one, other = steps.gradients(), steps.gradients()
    for label, (buffer, before) in constants.items():
        if not _same(buffer, before):
            raise _reused(name, label)
    if not one.loss_is_finite:
        raise InputError(
            f"The network of the workload {name!r} has the loss {one.loss} on its first batch, before any training; "
            "look at its initial weights and its inputs."
        )
    found = difference(one, other, protocol.recipe, steps.device)
    if found:
        raise InputError(
            f"The network of the workload {name!r} does not take the same step twice ({found}), so trials would differ "
            "by chance. Its forward draws from NumPy or `random`, or remembers earlier calls outside its buffers; draw "
            "with torch, and keep what it remembers in buffers."
        )


def engine_fault(engine: Engine, protocol: Protocol, data: Dataset, device: torch.device | str = "cpu") -> str | None:
    """Return in what an engine's step differs from the reference's, as a clause; None where it does not.

    Args:
        engine: has no objection to the network; it trains two together if it can.
        protocol: workload, recipe and pruning; its network has passed `check_network`.
        data: the workload's data; a few examples are used.
        device: to train on. On a CPU the same steps are taken without a GPU's graphs.
    """
    steps = Steps(protocol, data, torch.device(device))
    count = min(2, engine.largest)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that an engine is slow here is no fault
            found = steps.take(engine, count)
    except Exception as error:  # whatever the network does that an engine cannot
        return f"it fails with {type(error).__name__}: {_first_line(error)}"
    differences = (
        difference(steps.take(EAGER, 1, member)[0], found[member], protocol.recipe, steps.device)
        for member in range(count)
    )
    return next(filter(None, differences), None)


def build(protocol: Protocol) -> nn.Module:
    """Return a network of the workload, drawn from one seed.

    Raises:
        InputError: `build_model` fails, or returns something else.
    """
    workload = protocol.workload
    with seeded("init", SEED), _saying(f"`build_model` of the workload {workload.name!r} fails"):
        model = workload.build_model()
    if not isinstance(model, nn.Module):
        raise InputError(
            f"`build_model` of the workload {workload.name!r} must return a torch.nn.Module, but it returned "
            f"{type(model).__name__}."
        )
    return model


def _check_parts(model: nn.Module, name: str) -> None:
    """Check what the network is made of."""
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


def _check_new(first: nn.Module, second: nn.Module, name: str) -> None:
    """Check that a network is new at every call, and the same for the same seed."""
    must = _MUST.format(name)
    if first is second:
        raise InputError(
            f"{must}, but it returned one object twice, so every trial would train on from the one before; make the "
            "network inside the function."
        )
    for label, _ in _shared(second.named_parameters(), first):
        raise _reused(name, label)
    ours, theirs = ({**dict(m.named_parameters()), **dict(m.named_buffers())} for m in (first, second))
    if {n: t.shape for n, t in ours.items()} != {n: t.shape for n, t in theirs.items()}:
        odd = min(n for n in {*ours, *theirs} if n not in ours or n not in theirs or ours[n].shape != theirs[n].shape)
        raise InputError(f"{must}, and always the same one, but two of them differ in the shape of {odd}.")
    other = [n for n, tensor in ours.items() if not _same(tensor, theirs[n])]
    if other:
        raise InputError(
            f"{must} with the same weights for the same seed, but {other[0]} differs between two networks of one seed, "
            "so candidates would not share their initial weights. Draw weights from PyTorch's default generator "
            "(torch.nn.init, torch.randn), not from NumPy, `random` or a generator of your own."
        )


def _shared(tensors: Iterable[tuple[str, torch.Tensor]], network: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield those of the named tensors that lie where a network has one; buffers may, if they are constant."""
    memory = {tensor.data_ptr() for tensor in chain(network.parameters(), network.buffers())}
    return ((label, tensor) for label, tensor in tensors if tensor.numel() and tensor.data_ptr() in memory)


def _reused(name: str, label: str) -> InputError:
    return InputError(
        f"{_MUST.format(name)}, but two of them have the same {label}, so every trial would train on from the one "
        "before; make all layers inside the function, or copy them with copy.deepcopy."
    )


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    if torch.equal(one, other):
        return True
    return one.is_floating_point() and torch.equal(one.nan_to_num(), other.nan_to_num())


def _check_augmentation(steps: Steps, name: str) -> None:
    """Check that the augmentation gives as many examples as it got, and again the same."""
    with _saying(f"The augmentation of the workload {name!r} fails", "the augmentation"):
        one, other = steps.augmented(), steps.augmented()
    if not isinstance(one, torch.Tensor) or len(one) != len(steps.targets):
        found = f"a tensor of shape {tuple(one.shape)}" if isinstance(one, torch.Tensor) else type(one).__name__
        raise InputError(
            f"The augmentation of the workload {name!r} must return a tensor of as many examples as it got, here "
            f"{len(steps.targets)}, but it returned {found}."
        )
    if not _same(one, other):
        raise InputError(
            f"The augmentation of the workload {name!r} does not do the same twice with the same generator, so trials "
            "would differ by chance. It draws from NumPy or `random`, or remembers earlier calls; draw with torch from "
            "the generator that it gets."
        )


def _check_logits(logits: object, size: int, classes: int, name: str) -> None:
    if isinstance(logits, torch.Tensor):
        if logits.is_floating_point() and logits.dim() == 2 and len(logits) == size and logits.shape[1] >= classes:
            return
        found = f"a tensor of shape {tuple(logits.shape)} and {str(logits.dtype).removeprefix('torch.')}"
    else:
        found = f"something of type {type(logits).__name__}"
    raise InputError(
        f"The network of the workload {name!r} must return logits, real numbers of shape (batch, classes), here "
        f"({size}, {classes}), but it returned {found}; change its forward, or num_classes of the data."
    )


@contextmanager
def _saying(what: str, fix: str = "the network") -> Iterator[None]:
    """Say what failed, where the user's code raises."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{what} ({type(error).__name__}: {_first_line(error)}); correct {fix}.") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "").rstrip(".")[:300]
