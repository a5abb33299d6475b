"""How many trials this machine has room for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.spec.model import Spec


def places(spec: Spec) -> int:
    """Return how many trials of a study fit on this machine at a time; at least one."""
    fitting = len(os.sched_getaffinity(0)) // spec.resources.cpus_per_trial
    if spec.resources.gpus_per_trial > 0:
        import torch

        fitting = min(fitting, int(torch.cuda.device_count() / spec.resources.gpus_per_trial))
    return max(1, fitting)
