"""Fingerprints of what a workload's numbers depend on: its data and, if it is the user's own, its code."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

import torch

from scyc.data.fingerprint import alike, data_fingerprints, tensor_fingerprint
from scyc.errors import InputError
from scyc.own_code import code_fingerprints
from scyc.workloads import is_own, load_workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc.workloads import Workload

WEIGHTS = "initial weights"
"""Of an own network, drawn with one seed: they also depend on files that the code reads."""


_imported: dict[str, tuple[object, dict[str, str]]] = {}


@cache
def fingerprints(workload: str) -> dict[str, str]:
    """Return fingerprints of what the numbers of a workload depend on, worked out once per process.

    They are named "training inputs", "training labels", and so on for the other splits. An own workload, given by its
    import path, also has "initial weights" and "module NAME" for each of the user's modules. If it draws its data or
    weights from a generator of its own without a seed, no two processes get the same.

    Args:
        workload: name of a workload, as `load_workload` takes it.

    Raises:
        InputError: there is no such workload, its data cannot be read, or its code is no longer what this process runs.
    """
    found = load_workload(workload)
    prints = data_fingerprints(found.load_data())
    if is_own(workload):
        prints |= {WEIGHTS: _initial_weights(found)} | _code(workload.partition(":")[0])
    return prints


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of what is new, gone, or not alike; see `scyc.data.fingerprint.alike`."""
    return [name for name in dict.fromkeys([*before, *after]) if not alike(before.get(name, "-"), after.get(name, "+"))]


def forget() -> None:
    """Let the next call read data again: files, and the folder that `$SCYC_DATA` names, may have changed."""
    load_workload.cache_clear()
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


def _initial_weights(workload: Workload) -> str:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = workload.build_model().state_dict().values()
    return tensor_fingerprint(value for value in state if isinstance(value, torch.Tensor))
