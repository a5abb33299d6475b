"""Downloads: one for all workers of a machine, and nothing half done."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from scyc.data.sources import download_into
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


def test_after_a_download_that_failed_the_next_one_tries(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "set").mkdir()
        raise OSError("the network is down")

    with pytest.raises(InputError, match="the network is down"):
        download_into(tmp_path, "set", fail)
    download_into(tmp_path, "set", lambda folder: (folder / "set").mkdir())
    assert (tmp_path / "set").is_dir()
