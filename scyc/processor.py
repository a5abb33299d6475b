"""The processor of this machine, as its system names it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")

_KEYS = {  # of x86, then of ARM, which has no name there
    "vendor": ("vendor_id", "CPU implementer"),
    "family": ("cpu family", "CPU architecture"),
    "model": ("model", "CPU part"),
    "name": ("model name",),
}


@dataclass(frozen=True)
class Processor:
    """A processor.

    Attributes:
        vendor: who made it, such as "GenuineIntel"; elsewhere than on Linux its architecture, such as "arm64".
        family: number of its family; "" if it is not known.
        model: number of its model within the family; elsewhere than on Linux its name.
        name: as it is sold, such as "AMD EPYC 7763 64-Core Processor".
    """

    vendor: str
    family: str
    model: str
    name: str


def this_processor() -> Processor:
    """Return the processor of this machine. Of several kinds of cores, it is the first one's."""
    first, _, _ = (CPUINFO.read_text(encoding="utf-8") if CPUINFO.exists() else "").partition("\n\n")
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
    found = {name: next((facts[key] for key in keys if facts.get(key)), "") for name, keys in _KEYS.items()}
    name = found["name"] or platform.processor() or platform.machine() or "unknown"
    return Processor(found["vendor"] or platform.machine(), found["family"], found["model"] or name, name)
