"""Whether a workload's network is what training takes it for, found out before any work starts.

Training assumes of a network: it is new at every call and drawn from PyTorch's generators; its parameters are real
numbers that a state holds; it maps a batch, of whatever size, to logits; and one step, from one seed, is one step. Who
breaks that gets wrong numbers, or an error in the middle of a sweep. The check costs a few networks and small passes.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import nn

from scyc.engines import EAGER
from scyc.errors import InputError
from scyc.network_parts import check_parts
from scyc.network_steps import Steps, difference
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
    check_parts(first, name)
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
