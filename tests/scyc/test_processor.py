"""How the processor is named."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from scyc import processor
from scyc.processor import Processor, this_processor

if TYPE_CHECKING:
    from pathlib import Path

X86 = (
    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Xeon 8480+\nflags\t:\n\n"
)
ARM = "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n\n"


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        (X86 + X86.replace("143", "144"), Processor("GenuineIntel", "6", "143", "Xeon 8480+")),
        (ARM, Processor("0x41", "8", "0xd0c", "some arm")),
        (None, Processor("arm64", "", "some arm", "some arm")),
    ],
)
def test_what_the_system_says(
    cpuinfo: str | None, expected: Processor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "processor", lambda: "some arm")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    if cpuinfo is not None:
        (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert this_processor() == expected
