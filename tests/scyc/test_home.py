"""A user without a home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scyc import InputError
from scyc.data.sources import data_root
from scyc.home import expanded, set_home
from scyc.workloads import load_workload


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither $HOME nor an entry in /etc/passwd."""
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    with pytest.raises(RuntimeError):
        Path.home()


@pytest.mark.usefixtures("homeless")
def test_home_is_set_to_what_is_not_there() -> None:
    set_home()
    assert not Path.home().exists()


def test_a_home_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    set_home()
    assert Path.home() == tmp_path
    assert expanded("~/x") == tmp_path / "x"


@pytest.mark.usefixtures("homeless")
def test_a_path_in_a_home_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("~/data", "~no-such-user/data"):
        with pytest.raises(InputError, match=f"The path {path} begins with a home folder, but there is none"):
            data_root(path)
    with pytest.raises(InputError, match="set HOME"):
        load_workload("npz:~/mine.npz/lenet-300-100")
    assert data_root("/here") == Path("/here")
