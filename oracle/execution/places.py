"""How many trials a machine has room for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.spec.model import Spec

NVIDIA = Path("/proc/driver/nvidia/gpus")


def places(spec: Spec) -> int:
    """Return how many trials of a study fit on this machine at a time; at least one."""
    wanted = spec.resources
    gpus = gpus_here() if wanted.gpus_per_trial > 0 else 0
    cpus = len(os.sched_getaffinity(0))
    return max(1, fitting(cpus, gpus, wanted.cpus_per_trial, wanted.gpus_per_trial))


def gpus_here() -> int:
    """Return how many GPUs this machine has, be they PyTorch's to use or only a command's with another PyTorch."""
    import torch

    return max(torch.cuda.device_count(), len(list(NVIDIA.glob("*"))))


def fitting(cpus: float, gpus: float, cpus_per_trial: float, gpus_per_trial: float) -> int:
    """Return how many trials fit on a machine at a time. A trial that takes a part of a GPU takes it of one GPU.

    Args:
        cpus: of the machine.
        gpus: likewise.
        cpus_per_trial: > 0.
        gpus_per_trial: >= 0.
    """
    room = int(cpus / cpus_per_trial)
    if gpus_per_trial >= 1:
        return min(room, int(gpus / gpus_per_trial))
    return min(room, int(gpus) * int(1 / gpus_per_trial)) if gpus_per_trial > 0 else room
