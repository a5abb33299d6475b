"""Temporary folders of drivers, and what killed drivers have left of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from oracle.execution.scratch import PREFIX, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this machine."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_it_is_gone_after_the_block_however_that_ends(temporary: Path) -> None:
    def interrupted() -> None:
        with scratch_folder() as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "file").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_driver_has_left_is_deleted_and_what_others_use_is_not(temporary: Path, tmp_path: Path) -> None:
    script = f"""
import tempfile, time
tempfile.tempdir = {str(temporary)!r}
from oracle.execution.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "file").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""
    killed = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    left_over = killed.stdout.readline().strip()
    others = [tmp_path / "file", temporary / f"{PREFIX}link", temporary / f"{PREFIX}file", temporary / "scyc-else"]
    others[0].write_text("mine")
    others[1].symlink_to(tmp_path)
    others[2].write_text("mine")
    others[3].mkdir()
    with scratch_folder() as first, scratch_folder() as second:
        there = {str(folder) for folder in temporary.iterdir()}
        assert {str(first), str(second), left_over} <= there  # its driver is alive
    killed.kill()
    killed.communicate()
    with scratch_folder() as folder:
        assert {*temporary.iterdir()} == {folder, *others[1:]}
    assert others[0].read_text() == "mine"


def test_a_folder_of_somebody_else_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = temporary / f"{PREFIX}foreign"
    foreign.mkdir()
    with monkeypatch.context() as patched:
        patched.setattr("os.geteuid", lambda: os.getuid() + 1)
        with pytest.raises(PermissionError):
            scratch_folder().__enter__()
    assert foreign.exists()
    with scratch_folder() as mine:
        assert list(temporary.iterdir()) == [mine]
