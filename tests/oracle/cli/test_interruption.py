"""A real sweep on Ray in a process of its own: interrupted, gone on with, and nothing left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended

pytestmark = pytest.mark.faults

SCYC = str(Path(sys.executable).with_name("scyc"))
SETTINGS = [
    f"--set={setting}"
    for setting in (
        "levels=3",
        "seeds=[0, 1]",
        "epochs=2",
        "search.max_lr.values=[0.05, 0.1, 0.2, 0.4]",
        "search.widen=0",
    )
]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [SCYC, *arguments],
        cwd=folder,
        env=os.environ | {"RAY_gcs_rpc_server_reconnect_timeout_s": "10"},  # Ray looks for a lost head for a minute
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(session: int) -> list[str]:
    """Command lines of the processes that were started by this session, or that Ray started for it."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = stat.with_name("environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if (
            int(stat.parent.name) != os.getpid()
            and fields[0] != "Z"
            and (int(fields[3]) == session or f"SCYC_TEST_MARK={session}" in environment)
        ):
            found.append(command)
    return found


def left_running(mark: str, patience: float) -> list[str]:
    """Return what still runs once the workers have had time to notice that their driver is gone."""
    deadline = time.monotonic() + patience
    while (found := processes_of(int(mark))) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def study(scyc: Callable[..., Ended]) -> list[object]:
    """Return the levels of the study in the working folder, without times."""
    levels = json.loads(scyc("show", "demo", "--json").out)["levels"]
    for level in levels:
        for trial in level["trials"]:
            del trial["seconds"]
    return list(levels)


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """Whatever is started from now on can be told by this word in its environment."""
    word = str(time.monotonic_ns())
    monkeypatch.setenv("SCYC_TEST_MARK", word)
    return word


def wait_for_trials(sweep: subprocess.Popen[str]) -> None:
    assert sweep.stdout is not None
    assert "trials" in sweep.stdout.readline()  # printed once trials are being recorded


def interrupt(sweep: subprocess.Popen[str], how: signal.Signals) -> None:
    """Interrupt a sweep that is recording trials, and see that it ends soon and says how to go on.

    Ctrl-C goes to every process of the group, as from a terminal; SIGTERM to the driver alone, as from `kill`.
    """
    wait_for_trials(sweep)
    if how == signal.SIGINT:
        os.killpg(sweep.pid, how)
    else:
        sweep.send_signal(how)
    interrupted = time.monotonic()
    _, complaint = sweep.communicate(timeout=60)
    assert time.monotonic() - interrupted < 30
    assert sweep.returncode == 130, complaint
    assert "scyc resume demo" in complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize(
    ("executor", "workers"), [pytest.param("tune", "1", marks=pytest.mark.ray), ("processes", "2")]
)
def test_ctrl_c_stops_a_sweep_soon_and_leaves_nothing_running(
    executor: str, workers: str, tmp_path: Path, mark: str
) -> None:
    interrupt(start(tmp_path, "sweep", *SETTINGS, "--workers", workers, "--executor", executor), signal.SIGINT)
    assert left_running(mark, patience=15) == []


def test_processes_end_with_a_driver_that_is_killed(tmp_path: Path, mark: str) -> None:
    sweep = start(tmp_path, "sweep", *SETTINGS, "--workers", "2", "--executor", "processes")
    wait_for_trials(sweep)
    assert sum("oracle.execution.child" in command for command in processes_of(int(mark))) == 2
    sweep.kill()
    sweep.communicate()
    assert left_running(mark, patience=15) == []


@pytest.mark.ray
def test_sigterm_to_the_whole_group_leaves_nothing_running(tmp_path: Path, mark: str) -> None:
    sweep = start(tmp_path, "sweep", *SETTINGS, "--workers", "1", "--executor", "tune")
    wait_for_trials(sweep)
    os.killpg(sweep.pid, signal.SIGTERM)  # as from `timeout`: Ray's services end at once, and may end their driver
    sweep.communicate(timeout=60)
    assert sweep.returncode in (1, 130)
    assert left_running(mark, patience=90) == []  # an agent of Ray's may look for whom to tell for a while


@pytest.mark.ray
def test_an_interrupted_sweep_goes_on_and_ends_as_if_undisturbed(
    scyc: Callable[..., Ended], tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(start(tmp_path, "sweep", *SETTINGS, "--workers", "2", "--executor", "tune"), signal.SIGTERM)
    assert left_running(mark, patience=15) == []

    before = study(scyc)
    resumed = start(tmp_path, "resume", "demo", "--executor", "processes", "--workers", "1")
    assert "Data: 3,200 training" in resumed.communicate(timeout=120)[1]
    assert resumed.returncode == 0
    after = study(scyc)
    assert before != after
    assert len(after) == 3

    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    monkeypatch.chdir(undisturbed)
    assert scyc("sweep", *SETTINGS, "--executor", "inline").code == 0
    assert after == study(scyc)
