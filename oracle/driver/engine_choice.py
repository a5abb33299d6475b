"""Which engine a new study trains with: timed once on this machine, and remembered there."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from oracle.driver.own_ready import has_own_training
from oracle.spec.model import AUTO
from oracle.spec.trial import OWN
from oracle.study.writing import write_text
from scyc.bench import choose, fastest, free_memory, possible
from scyc.engines import find_engine
from scyc.fence import fenced
from scyc.network_check import engine_fault
from scyc.threads import threads
from scyc.workloads import is_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec
    from scyc.bench import Speed
    from scyc.protocol import Protocol

_log = logging.getLogger(__name__)

SECONDS = 1.0
"""How long to time each engine for the choice."""

UNTIMED = ("graphs", "stacked", "eager")
"""Engines to choose from if there is no GPU here to time them on, best first."""


def with_engine(spec: Spec, speeds: Sequence[Speed] = ()) -> Spec:
    """Return the spec with an engine in place of "auto"; of a training of the user's own that is "own".

    The engines are timed on this machine, unless only one can train this spec or they were timed before for the same
    kind of workload. If the workers have GPUs but the driver has none, it takes the first of `UNTIMED` that can train
    there.

    Args:
        spec: spec of the study.
        speeds: speeds of all possible engines, if they have just been timed.
    """
    if spec.engine != AUTO:
        return spec
    if has_own_training(spec):
        return spec.model_copy(update={"engine": OWN})
    protocol, wants_gpu = spec.protocol(), spec.resources.gpus_per_trial > 0
    device = torch.device("cuda" if wants_gpu else "cpu")
    names = possible(protocol, device)
    if len(names) > 1 and is_own(spec.workload):
        names = _agreeing(names, protocol, device)
    if len(names) == 1:
        [name] = names
    elif wants_gpu and not torch.cuda.is_available():
        name = next(name for name in UNTIMED if name in names)
    else:
        name = _remembered(spec, device, names) or _timed(spec, protocol, device, names, speeds)
    return spec.model_copy(update={"engine": name})


def _agreeing(names: list[str], protocol: Protocol, device: torch.device) -> list[str]:
    """Return the engines that train the user's own network as the reference does."""
    place = torch.device("cpu") if device.type == "cuda" and not torch.cuda.is_available() else device
    data, found = protocol.workload.load_data(), []
    for name in names:
        fault = None if name == "eager" else engine_fault(find_engine(name), protocol, data, place)
        if fault is None:
            found.append(name)
        else:
            _log.warning("The engine %s does not train this network as the reference does: %s", name, fault)
    return found


def _timed(spec: Spec, protocol: Protocol, device: torch.device, names: list[str], speeds: Sequence[Speed]) -> str:
    if speeds:
        name = fastest(speeds)
    else:
        with fenced(spec.workload), threads(spec.resources.cpus_per_trial):
            name = choose(names, protocol, protocol.workload.load_data().to(device), SECONDS)
        free_memory(device)  # the workers are other processes
    _remember(_key(spec, device, names), name)
    return name


def _remembered(spec: Spec, device: torch.device, names: list[str]) -> str | None:
    name = _memory().get(_key(spec, device, names))
    return name if name in names else None


def _remember(key: str, name: str) -> None:
    path = _path()
    if path is None:
        return
    try:
        write_text(json.dumps(_memory() | {key: name}, indent=1), path)
    except OSError:
        return  # the next study times the engines again


def _memory() -> dict[str, str]:
    path = _path()
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _path() -> Path | None:
    """Return the file in which choices are remembered; None for a user without a home, for whom none is."""
    try:
        folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return Path(folder) / "scyc" / "engines.json"


def _key(spec: Spec, device: torch.device, names: list[str]) -> str:
    """Return what the choice depends on, as one word."""
    processor = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    facts = [spec.workload, spec.batch_size, spec.precision, spec.optimizer.kind, spec.resources.cpus_per_trial]
    machine = [processor, platform.machine(), os.cpu_count(), torch.__version__]
    return hashlib.sha256(json.dumps([facts, machine, names]).encode()).hexdigest()[:16]
