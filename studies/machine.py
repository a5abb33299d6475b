"""The machines that trained trials, each on record once, under the hash of what is known of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """What the bits of a training's numbers may depend on. A text is "" if there is nothing to say, or it is not known.

    Attributes:
        device: "cpu" or "cuda": what trials are trained on.
        capability: instruction set that PyTorch uses on the processor, in its own word: "AVX2", "AVX512", "DEFAULT".
        vendor: of the processor.
        family: number of the processor's family.
        model: number of its model within the family.
        processor: name by which it is sold.
        threads: number of threads that a trial is trained with, >= 1.
        torch: PyTorch's version.
        build: the commit that PyTorch was built from, and a hash of how it was built.
        settings: variables of the environment that choose among the processor's or the GPU's instructions.
        gpu: name of the GPU; this and the following ones are "" of trials that are trained on the CPU.
        gpu_capability: its compute capability, such as "9.0".
        driver: version of the GPU's driver.
        cuda: version of CUDA, or of ROCm.
        cudnn: version of cuDNN.
    """

    device: str
    capability: str
    vendor: str
    family: str
    model: str
    processor: str
    threads: int
    torch: str
    build: str
    settings: str = ""
    gpu: str = ""
    gpu_capability: str = ""
    driver: str = ""
    cuda: str = ""
    cudnn: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of all of this, in hexadecimal: its key in the database."""
        return _hash(self)


@lru_cache(maxsize=64)
def _hash(machine: MachineRecord) -> str:
    return hashlib.sha256(json.dumps(asdict(machine), sort_keys=True).encode()).hexdigest()
