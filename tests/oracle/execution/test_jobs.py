"""`scyc submit` to a real cluster: its head runs the job server, the job drives the sweep, a laptop watches."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.api.launching import Launcher
from oracle.execution import ExecutionOptions
from oracle.results.status import study_status
from oracle.spec.files import parse_spec
from scyc import InputError
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.studies.server import Server

pytest.importorskip("aiohttp", reason="Ray Jobs need the extra `cluster`.")

pytestmark = pytest.mark.ray

BIN = Path(sys.executable).parent
WORKLOAD = """
    from dataclasses import replace
    from scyc.models import mlp
    from scyc.workloads import load_workload

    mine = replace(load_workload("mnist1d/mlp-300-100"), name="mine", build_model=lambda: mlp(hidden=(20,)))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the job server of a cluster that reads the database's password from its environment."""
    folder = tmp_path_factory.mktemp("head")
    given = ("port", "dashboard-port", "ray-client-server-port", "dashboard-agent-listen-port")
    ports = {name: free_port() for name in given} | {"min-worker-port": 0, "max-worker-port": 0}
    dashboard = ports["dashboard-port"]
    command = [str(BIN / "ray"), "start", "--head", "--block", *(f"--{name}={port}" for name, port in ports.items())]
    command += ["--num-cpus=2", "--disable-usage-stats", "--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"]
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "PGPASSWORD": "the cluster's own"}
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", dashboard)) == 0:
                break
        time.sleep(0.2)
    yield f"http://127.0.0.1:{dashboard}"
    process.terminate()
    process.communicate(timeout=60)


def test_a_job_sweeps_with_code_and_spec_from_here(head: str, server: Server, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "workload_of_a_job.py").write_text(textwrap.dedent(WORKLOAD))
    (code / "shipped.toml").write_text('workload = "workload_of_a_job:mine"\nlevels = 2\nseeds = [0]\nepochs = 1\n')
    database = server.empty()
    command = [str(BIN / "scyc"), "submit", "code/shipped.toml", "--working-dir", "code", "--ray-address", head]
    command += ["--db", database, "--artifacts", str(tmp_path / "artifacts"), "--workers", "1", "--json"]
    command += ["--set", "search.max_lr.values=[0.1, 0.4]", "--set", "search.widen=0"]
    sent = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stderr
    assert sent.stderr == ""
    said = json.loads(sent.stdout)
    assert said["study"] == "shipped"

    from ray.job_submission import JobStatus, JobSubmissionClient

    client = JobSubmissionClient(head)
    deadline = time.monotonic() + 240
    while not (status := client.get_job_status(said["job"])).is_terminal():
        assert time.monotonic() < deadline, client.get_job_logs(said["job"])
        time.sleep(0.5)
    log = client.get_job_logs(said["job"])
    assert status == JobStatus.SUCCEEDED, log
    assert "Every level is decided" in log
    assert "the cluster's own" not in log
    watched = subprocess.run(
        [str(BIN / "scyc"), *shlex.split(said["watch"])[1:]], capture_output=True, text=True, check=True
    )
    assert "2 of 2 levels decided" in watched.stdout
    with Store.open(database) as store:
        assert study_status(store, "shipped").done == 4


def test_a_driver_is_launched_as_a_job(head: str, server: Server, tmp_path: Path) -> None:
    database = server.empty()
    launcher = Launcher(database, artifacts=str(tmp_path / "artifacts"), ray_address=head)
    spec = {"levels": 2, "seeds": [0], "epochs": 1, "search": {"max_lr": {"values": [0.1, 0.4]}, "widen": 0}}
    launch = launcher.sweep("launched", parse_spec(spec, "of the test"), ExecutionOptions(workers=1))
    with Store.open(database, read_only=True) as store:
        deadline = time.monotonic() + 240
        while store.launch(launch.id).ended_at is None:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert (store.launch(launch.id).state, store.launch(launch.id).message) == ("ended", None)
        assert study_status(store, "launched").done == 4


def test_a_cluster_that_does_not_answer_refuses_the_launch(tmp_path: Path) -> None:
    launcher = Launcher(f"sqlite:///{tmp_path}/scyc.db", ray_address=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(InputError, match="No job server answers"):
        launcher.sweep("launched", parse_spec({}, "of the test"), ExecutionOptions())
    with Store.open(launcher.db, read_only=True) as store:
        [launch] = store.launches()
    assert launch.state == "refused"
    assert "No job server answers" in (launch.message or "")


def test_a_database_with_a_password_is_not_named_to_a_cluster() -> None:
    with pytest.raises(InputError, match="holds a password"):
        Launcher("postgresql://somebody:secret@host/scyc", ray_address="http://127.0.0.1:8265")
