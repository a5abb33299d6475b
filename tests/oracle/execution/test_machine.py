"""What a worker says of its machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from oracle.execution import machine
from oracle.execution.machine import this_machine

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


def test_a_machine_is_told_by_what_torch_and_the_system_say() -> None:
    found = this_machine(3, CPU)
    assert (found.device, found.threads, found.torch) == ("cpu", 3, torch.__version__)
    assert found.capability == torch.backends.cpu.get_cpu_capability()
    assert found.vendor
    assert (found.gpu, found.driver, found.cuda) == ("", "", "")
    assert this_machine(3, CPU).hash == found.hash != this_machine(2, CPU).hash


def test_settings_of_the_libraries_are_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = this_machine(1, CPU)
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    after = this_machine(1, CPU)
    assert after.settings == "MKL_CBWR=COMPATIBLE"
    assert after.hash != before.hash


def test_another_capability_is_not_another_build(monkeypatch: pytest.MonkeyPatch) -> None:
    before = this_machine(1, CPU).build
    there = torch.__config__.show()
    capability = torch.backends.cpu.get_cpu_capability()
    assert capability in there
    monkeypatch.setattr(torch.__config__, "show", lambda: there.replace(f"usage: {capability}", "usage: OTHER"))
    assert this_machine(1, CPU).build == before
    monkeypatch.setattr(torch.__config__, "show", lambda: there.replace("GCC", "Clang"))
    assert this_machine(1, CPU).build != before


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC 12.3.0",
            "535.129.03",
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86  Release Build\n", "570.86"),
        ("", ""),
    ],
)
def test_a_gpu_is_told_with_its_driver(
    text: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "version").write_text(text)
    monkeypatch.setattr(machine, "NVIDIA", tmp_path / "version")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    found = this_machine(1, torch.device("cuda"))
    assert (found.device, found.gpu, found.gpu_capability, found.driver) == ("cuda", "NVIDIA H100", "9.0", version)
    assert found.cuda
