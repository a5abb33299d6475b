"""Fingerprints of what a workload's numbers depend on: its data and, if it is the user's own, its code."""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import torch

from scyc.data.fingerprint import ROUNDING, alike, data_fingerprints, tensor_fingerprint
from scyc.errors import InputError
from scyc.fence import fenced
from scyc.own_code import code_fingerprints
from scyc.own_objects import find_training
from scyc.randomness import seeded, stream
from scyc.workloads import is_own, load_workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from scyc.data import Dataset
    from scyc.own_objects import Training
    from scyc.workloads import Workload

WEIGHTS = "initial weights"
"""Of an own network, drawn with one seed: they also depend on files that the code reads."""

OUTPUTS = "first outputs"
"""Of an own network, in training and in evaluation, for a few augmented training examples.

They depend on what neither weights nor code show: a rate of dropout, an activation, or the strength of an augmentation
that comes from a settings file or the environment.
"""

OUTPUTS_ROUNDING = 1e-3
"""How far the projections of outputs may be apart, see `alike`: errors of rounding grow from layer to layer."""

_EXAMPLES = 8


_imported: dict[str, tuple[object, dict[str, str]]] = {}


@cache
def fingerprints(workload: str) -> dict[str, str]:
    """Return fingerprints of what the numbers of a workload depend on, worked out once per process.

    They are named "training inputs", "training labels", and so on for the other splits. An own workload, given by its
    import path, also has "initial weights", "first outputs" if its network can compute on this CPU, and "module NAME"
    for each of the user's modules. If it draws its data or weights from a generator of its own without a seed, no two
    processes get the same. A training of the user's has the modules alone.

    Args:
        workload: name of a workload, as `load_workload` takes it.

    Raises:
        InputError: there is no such workload, its data cannot be read, or its code is no longer what this process runs.
    """
    training = find_training(workload) if is_own(workload) else None
    if training is not None:
        return _code(workload.partition(":")[0]) or {f"training {workload}": _source(training)}
    found = load_workload(workload)
    data = found.load_data()
    prints = data_fingerprints(data)
    if is_own(workload):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = found.build_model()
        prints[WEIGHTS] = tensor_fingerprint(
            value for value in model.state_dict().values() if isinstance(value, torch.Tensor)
        )
        with suppress(Exception):  # a network that cannot compute here, but perhaps on a GPU
            prints[OUTPUTS] = tensor_fingerprint(_outputs(found, model, data))
        prints |= _code(workload.partition(":")[0])
    return prints


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of what is new, gone, or not alike; see `scyc.data.fingerprint.alike`.

    Outputs are compared where both have them: a network may compute on one machine, and not on another.
    """
    optional = {OUTPUTS} if OUTPUTS not in before or OUTPUTS not in after else set()
    return [
        name
        for name in dict.fromkeys([*before, *after])
        if name not in optional
        and not alike(before.get(name, "-"), after.get(name, "+"), OUTPUTS_ROUNDING if name == OUTPUTS else ROUNDING)
    ]


def forget() -> None:
    """Let the next call read data again: files, and the folder that `$SCYC_DATA` names, may have changed."""
    load_workload.cache_clear()
    find_training.cache_clear()
    fingerprints.cache_clear()


def _code(module: str) -> dict[str, str]:
    """Return the fingerprints of a module's code, as long as they are those of the code that this process runs."""
    code, imported = code_fingerprints(module), getattr(sys.modules.get(module), "__spec__", None)
    known = _imported.setdefault(module, (imported, code))
    if known[0] is not imported:  # it was imported again
        known = _imported[module] = (imported, code)
    if differing := changed(known[1], code):
        raise InputError(
            f"Since this process imported {module!r}, code has changed on the disk ({', '.join(differing)}), but "
            "it still runs what it imported; start Python again."
        )
    return code


def _source(training: Training) -> str:
    """Return the fingerprint of a function in a notebook, which has no file."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(training)))
    except (OSError, TypeError, SyntaxError):
        return "code unknown"
    return f"code {hashlib.sha256(ast.dump(tree).encode()).hexdigest()}"


@torch.no_grad()
def _outputs(workload: Workload, model: nn.Module, data: Dataset) -> list[torch.Tensor]:
    """Return what a network makes of the first training examples, in training and in evaluation."""
    split = data.train
    if split.inputs.is_meta:  # to read images takes time, and their contents have a fingerprint of their own
        inputs = torch.randn(_EXAMPLES, *split.shape, generator=stream("examples"))
    else:
        inputs = split.inputs[:_EXAMPLES].cpu().clone()  # an augmentation may work in place
    with fenced(workload.name), seeded("model", 0, 0):
        if workload.augmentation is not None:
            inputs = workload.augmentation(inputs, stream("augmentation", 0, 0))
        trained, evaluated = model.train()(inputs), model.eval()(inputs)
    return [trained, evaluated]
