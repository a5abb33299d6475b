"""Downloads: one for all workers of a machine, and nothing half done."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock, Timeout

from scyc.data.sources import LOCK_FILE, download_into
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def test_workers_that_need_the_same_data_download_it_once(tmp_path: Path) -> None:
    fetched: list[Path] = []

    def fetch(folder: Path) -> None:
        fetched.append(folder)
        time.sleep(0.2)
        (folder / "set").mkdir()
        (folder / "set" / "data").write_text("data")

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: download_into(tmp_path, "set", fetch), range(4)))
    assert len(fetched) == 1
    assert (tmp_path / "set" / "data").read_text() == "data"
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no locks here")

    monkeypatch.setattr("fcntl.flock", refuse)
    for _ in range(2):
        download_into(tmp_path, "set", lambda folder: (folder / "set").mkdir())
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.faults
def test_a_killed_download_leaves_the_way_free(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from scyc.data.sources import LOCK_FILE, download_into

def fetch(folder):
    (folder / "set").mkdir()
    print("under way", flush=True)
    time.sleep(600)

download_into(Path(sys.argv[1]), "set", fetch)
"""
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        with pytest.raises(Timeout):
            FileLock(tmp_path / LOCK_FILE, blocking=False).acquire()
        process.kill()
    download_into(tmp_path, "set", lambda folder: (folder / "set").mkdir())
    assert (tmp_path / "set").is_dir()


def test_after_a_download_that_failed_the_next_one_tries(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "set").mkdir()
        raise OSError("the network is down")

    with pytest.raises(InputError, match="the network is down"):
        download_into(tmp_path, "set", fail)
    download_into(tmp_path, "set", lambda folder: (folder / "set").mkdir())
    assert (tmp_path / "set").is_dir()
