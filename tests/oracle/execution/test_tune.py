"""The executor on Ray Tune, on a cluster that is there already, as on a user's machines."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from oracle.driver.events import Listener
from oracle.execution.messages import Outcome, TrialRequest
from oracle.execution.tune import LOCAL, QUIET, TuneExecutor
from oracle.spec.files import parse_spec
from oracle.testing import sweeps
from oracle.testing.worker_processes import WorkerConformance
from studies import Artifacts
from tests.oracle.execution import on_gpus
from tests.oracle.execution.processes import OURS, Connections, processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.execution import Executor
    from oracle.execution.messages import Answer, Failure, Request
    from tests.studies.server import Server

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where workers say what they were given."""
    return tmp_path_factory.mktemp("notes")


@pytest.fixture(scope="module")
def cluster(notes: Path) -> Iterator[str]:
    """Address of the cluster. It is told of two GPUs, which are not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={port}"]
    command += [
        "--num-cpus=2",
        "--num-gpus=2",
        "--include-dashboard=false",
        "--disable-usage-stats",
        "--node-ip-address=127.0.0.1",
    ]
    environment = os.environ | QUIET | {"SCYC_TEST_CLUSTER": OURS, on_gpus.FOLDER: str(notes)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    address = f"127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield address
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.faults  # some kill their workers
class TestTune(WorkerConformance, Connections):
    @pytest.fixture(autouse=True)
    def _on_the_cluster(self, cluster: str) -> None:
        self.address = cluster

    def make_executor(self, workers: int, limit: float | None = None) -> Executor:
        return TuneExecutor(workers, self.address, limit)

    def workers(self) -> list[int]:
        return processes("Trainable", f"SCYC_TEST_CLUSTER={OURS}")


def test_a_password_is_in_nothing_that_is_written(
    cluster: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from oracle.cli import main

    secret = "kept-to-ourselves"
    server.execute(f"CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '{secret}'")
    url = server.empty().replace("postgres@", f"keeper:{secret}@")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr("oracle.execution.scratch.shutil.rmtree", lambda *_, **__: None)  # what Tune wrote stays
    monkeypatch.chdir(tmp_path)
    settings = [f"--set={key}" for key in ("levels=1", "seeds=[0]", "epochs=1", "search.max_lr.values=[0.1, 0.2]")]
    commands = [
        ["sweep", *settings, "--set=search.widen=0", "--ray-address", cluster, "--workers", "1"],
        ["show", "demo", "--json"],
        ["report", "demo"],
        ["studies", "export", "demo", "--out", "export"],
        ["doctor"],
        ["resume", "no such study"],
        ["resume", "demo", "--workers", "1", "--executor", "inline"],
    ]
    said = ""
    for command in commands:
        monkeypatch.setattr("sys.argv", ["scyc", *command, "--db", url])
        with pytest.raises(SystemExit):
            main()
        captured = capfd.readouterr()
        said += captured.out + captured.err
    assert "Every level is decided" in said
    assert secret not in said
    for folder in (tmp_path, Path("/tmp/ray")):
        for file in folder.rglob("*"):
            if file.is_file() and not file.is_symlink():
                assert secret.encode() not in file.read_bytes(), file
    dump = server.execute(
        "SELECT string_agg(t::text, ' ') FROM scyc_studies t", url.partition("?")[0].rpartition("/")[2]
    )
    assert secret not in str(dump)


def test_a_cluster_of_its_own_listens_on_this_machine_alone_and_leaves_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening: set[str] = set()

    class Looking(Listener):
        """Looks at the sockets of this process and of all that it has started."""

        def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
            me = psutil.Process()
            for process in (me, *me.children(recursive=True)):
                with suppress(psutil.Error):
                    for connection in process.net_connections("inet"):
                        if connection.status == psutil.CONN_LISTEN and connection.laddr.port not in before:
                            listening.add(connection.laddr.ip)

    before = {connection.laddr.port for connection in psutil.net_connections("inet") if connection.laddr}
    given = {**sweeps.SMALL, "levels": 1, "seeds": [0]}
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as scratch:  # short enough for Ray's sockets
        monkeypatch.setattr("tempfile.tempdir", scratch)
        sweeps.sweep(TuneExecutor(1), given, tmp_path, Looking())[1].close()
        assert list(Path(scratch).iterdir()) == []
    assert listening
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
    assert LOCAL not in os.environ


class Requests:
    """A source of trials; it remembers how they ended."""

    def __init__(self, requests: list[TrialRequest]) -> None:
        self.requests, self.answers, self.count = requests, list[object](), len(requests)

    gate = None

    @property
    def finished(self) -> bool:
        return len(self.answers) == self.count

    def next(self, most: int = 1) -> list[TrialRequest]:
        handed, self.requests = self.requests[:most], self.requests[most:]
        return handed

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        self.answers += [answer for _, answer in answers]


def test_groups_go_to_workers_that_each_have_their_part_of_a_gpu(cluster: str, notes: Path, tmp_path: Path) -> None:
    """Two GPUs that Ray is told of; trials that take a quarter of one."""
    spec = parse_spec(
        {
            "workload": f"{on_gpus.__name__}:workload",
            "engine": "graphs",
            "epochs": 1,
            "resources": {"gpus_per_trial": 0.25},
        },
        "test",
    )
    trials = [TrialRequest(number, 0, number % 2, 0.01 * (1 + number), None, None) for number in range(12)]
    source = Requests(trials)
    TuneExecutor(None, cluster).run(source, spec, Artifacts(str(tmp_path)))
    assert all(isinstance(answer, Outcome) for answer in source.answers)
    given = [json.loads(path.read_text()) for path in notes.iterdir()]
    assert len({one["pid"] for one in given}) == 2  # as many as there are processors
    assert {one["gpu"] for one in given} <= {"0", "1"}
    assert all(one["shares"] == [0.25] for one in given)
    assert all(len(set(one["seeds"])) == 1 for one in given)
    assert sorted(len(one["seeds"]) for one in given) == [1, 2, 3, 6]


def test_a_command_gets_whole_gpus(cluster: str, tmp_path: Path) -> None:
    """Two GPUs that Ray is told of, both for one trial; its command is told which."""
    script = tmp_path / "train.py"
    script.write_text(
        "import os, oracle\n"
        "given = os.environ['CUDA_VISIBLE_DEVICES'].split(',')\n"
        "oracle.current_trial().finish(val=len({'0', '1'} & set(given)) / 2)\n"
    )
    trial, resources = {"command": f"{sys.executable} {script}"}, {"gpus_per_trial": 2.0}
    spec = parse_spec({"engine": "own", "trial": trial, "resources": resources}, "test")
    source = Requests([TrialRequest(1, 0, 0, 0.1, None, None)])
    TuneExecutor(None, cluster).run(source, spec, Artifacts(str(tmp_path / "weights")))
    [answer] = source.answers
    assert isinstance(answer, Outcome), answer
    assert answer.result.val == 1
    assert answer.machine is not None
    assert answer.machine.device == "cuda"
