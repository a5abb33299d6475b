"""A workload for a cluster that says it has GPUs where there are none: its trials are trained on the CPU.

Whoever imports it says in a folder what each worker was given: its GPU, the share of it, and its trials.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from oracle.execution import network_worker
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution.messages import Answer, Request

FOLDER = "SCYC_TEST_GPUS"
"""Variable with the folder."""

shares: list[float] = []
attempt = network_worker.NetworkWorker.attempt


def noted(self: network_worker.NetworkWorker, requests: Sequence[Request]) -> list[Answer]:
    given = {
        "pid": os.getpid(),
        "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "shares": shares,
        "seeds": [request.seed for request in requests],
    }
    (Path(os.environ[FOLDER]) / uuid.uuid4().hex).write_text(json.dumps(given))
    return attempt(self, requests)


if FOLDER in os.environ:  # in a worker
    network_worker.NetworkWorker.attempt = noted  # type: ignore[method-assign]
    vars(network_worker)["training_device"] = lambda spec: torch.device("cpu")
    torch.cuda.set_per_process_memory_fraction = lambda fraction, device=None: shares.append(fraction)

workload = replace(load_workload("digits/mlp-20"), name="on GPUs")
