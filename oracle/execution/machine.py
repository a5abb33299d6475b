"""Which machine a worker trains on, and on what of it."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from scyc import InputError
from scyc.processor import this_processor
from studies import MachineRecord

if TYPE_CHECKING:
    from oracle.spec.model import Spec

SETTINGS = (
    "CUBLAS_WORKSPACE_CONFIG",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_MAX_CPU_ISA",
)
"""Variables of the environment that change which instructions MKL, oneDNN or cuBLAS choose.

PyTorch's own, `ATEN_CPU_CAPABILITY`, is not among them: the capability that it reports says what came of it.
"""

NVIDIA = Path("/proc/driver/nvidia/version")


def training_device(spec: Spec) -> torch.device:
    """Return the device that the spec's trials train on.

    Raises:
        InputError: the spec asks for a GPU, and this machine has none.
    """
    if spec.resources.gpus_per_trial == 0:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            f"resources.gpus_per_trial is {spec.resources.gpus_per_trial}, but PyTorch finds no GPU on this machine; "
            "set it to 0 to train on the CPU."
        )
    return torch.device("cuda")


def works(device: torch.device) -> bool:
    """Return whether a device still works: after some errors a GPU no longer works for a process."""
    if device.type == "cpu":
        return True
    try:
        torch.ones(1, device=device).item()
    except RuntimeError:
        return False
    return True


def this_machine(threads: int, device: torch.device) -> MachineRecord:
    """Return what is known of this machine.

    Args:
        threads: number of threads that a trial is trained with.
        device: what it is trained on.
    """
    processor = this_processor()
    return MachineRecord(
        device=device.type,
        capability=torch.backends.cpu.get_cpu_capability(),
        vendor=processor.vendor,
        family=processor.family,
        model=processor.model,
        processor=processor.name,
        threads=threads,
        torch=str(torch.__version__),
        build=_build(),
        settings=" ".join(f"{name}={os.environ[name]}" for name in SETTINGS if os.environ.get(name)),
        **(_gpu(device) if device.type == "cuda" else {}),
    )


def _build() -> str:
    """Return the commit of PyTorch, and a hash of how it was built: two builds of a commit may have other libraries."""
    how = "".join(line for line in torch.__config__.show().splitlines() if "CPU capability" not in line)
    return f"{torch.version.git_version or 'unknown'} {hashlib.sha256(how.encode()).hexdigest()[:12]}"


def _gpu(device: torch.device) -> dict[str, str]:
    return {
        "gpu": torch.cuda.get_device_name(device),
        "gpu_capability": ".".join(map(str, torch.cuda.get_device_capability(device))),
        "driver": _driver(),
        "cuda": torch.version.cuda or f"ROCm {torch.version.hip}",
        "cudnn": str(torch.backends.cudnn.version() or ""),  # type: ignore[no-untyped-call]
    }


def _driver() -> str:
    """Return the version of NVIDIA's driver, which PyTorch does not tell."""
    first = NVIDIA.read_text(encoding="utf-8").partition("\n")[0] if NVIDIA.exists() else ""
    found = re.search(r"\b\d+\.\d+(\.\d+)?\b", first)
    return found[0] if found else ""
