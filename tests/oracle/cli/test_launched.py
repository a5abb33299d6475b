"""Drivers that the service starts outlive it; `scyc pause` and `scyc cancel` stop whoever drives a study."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from studies import Store, StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.faults

SCYC = str(Path(sys.executable).with_name("scyc"))
SPEC = {"levels": 2, "seeds": [0], "epochs": 1, "search": {"max_lr": {"values": [0.1, 0.2]}, "widen": 0}}
LONG = ["--set=levels=3", "--set=seeds=[0, 1]", "--set=search.max_lr.values=[0.05, 0.1, 0.2, 0.4]", "--workers=1"]


def wait_for(what: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 90
    while not what():
        assert time.monotonic() < given_up
        time.sleep(0.1)


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of `scyc serve`, and its process."""
    command = [SCYC, "serve", "--port", "0", "--allow-writes"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().partition("http://")[2].partition("/")[0], process
    finally:
        process.kill()
        process.communicate()


def ask(there: str, path: str, body: object = None) -> Any:
    headers = {"X-Scyc-Request": "1", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"http://{there}/api/v1{path}", data, headers), timeout=30) as answer:
        return json.load(answer)


def has_begun(db: str) -> bool:
    """Whether the study has a recorded trial; its database may not be there yet."""
    with suppress(StudyError), Store.open(db, read_only=True) as store:
        study = store.find_study("a")
        run = None if study is None else store.find_run(study, "oracle")
        return run is not None and store.counts(run.id)["complete"] > 0
    return False


def test_a_driver_outlives_the_service_that_started_it(tmp_path: Path) -> None:
    with service(tmp_path) as (there, process):
        launch = ask(there, "/launches", {"name": "a", "spec": SPEC, "workers": 1})
        process.kill()
    with Store.open(f"sqlite:///{tmp_path}/scyc.db", read_only=True) as store:
        wait_for(lambda: store.launch(launch["id"]).ended_at is not None)
    with service(tmp_path) as (there, _):
        assert ask(there, f"/launches/{launch['id']}")["state"] == "ended"
        [study] = ask(there, "/studies")["studies"]
        assert (study["name"], study["state"]) == ("a", "finished")
    log = tmp_path / "scyc-logs" / f"{launch['id']}.log"
    assert log.stat().st_mode & 0o077 == 0
    assert "level  1" in log.read_text()


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_a_sweep_in_a_terminal_is_stopped_from_another(command: str, tmp_path: Path) -> None:
    environment = os.environ | {"SCYC_DB": f"sqlite:///{tmp_path}/scyc.db"}
    sweep = subprocess.Popen(
        [SCYC, "sweep", "--name", "a", *LONG], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: has_begun(environment["SCYC_DB"]))
        stopped = subprocess.run(
            [SCYC, command, "a"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        assert "Resume with `scyc resume a`" in stopped.stdout
        _, said = sweep.communicate(timeout=60)
    finally:
        sweep.kill()
        sweep.communicate()
    assert sweep.returncode == 128 + signal.SIGINT
    assert "Resume with `scyc resume a`" in said
