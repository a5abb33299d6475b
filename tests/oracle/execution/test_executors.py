"""One suite for every executor: the same spec gives the same study to the bit, whoever trains it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oracle.driver.events import Listener
from oracle.driver.lease import driving
from oracle.driver.oracle_run import OracleRun
from oracle.driver.schedule_runs import ScheduleRun, ScheduleRuns
from oracle.execution.inline import InlineExecutor
from oracle.execution.processes import ProcessExecutor
from oracle.execution.tune import TuneExecutor
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study
from scyc import (
    AdaptiveRestart,
    Constant,
    GradientScaled,
    Linear,
    OneCycle,
    Policy,
    RangeTest,
    policy_to_dict,
)
from studies import Artifacts, Store, TrialRecord
from tests.studies.server import database_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.execution import Executor
    from oracle.execution.messages import Failure, Outcome, TrialRequest
    from oracle.spec.model import Spec
    from tests.studies.server import Server

SMALL = {
    "levels": 3,
    "seeds": [0, 1],
    "epochs": 1,
    "search": {"max_lr": {"values": [0.05, 0.2, 0.8]}, "widen": 1},
}


KINDS = ["tune", "processes"]
OURS = str(os.getpid())


@pytest.fixture(autouse=True)
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started by these tests can be told by this word in its environment."""
    monkeypatch.setenv("SCYC_TEST_DRIVER", OURS)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a Ray cluster that is there already, as on a user's machines."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={port}"]
    command += ["--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
    environment = os.environ | {"SCYC_TEST_CLUSTER": OURS}
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


def run(executor: Executor, given: dict[str, Any], folder: Path) -> tuple[OracleRun, Store]:
    spec: Spec = parse_spec(given, "of the test")
    store = Store.open(f"sqlite:///{folder / 'study.db'}")
    study = open_study(store, "small", spec, str(folder / "artifacts"))
    artifacts = Artifacts(study.artifacts)
    sweep = OracleRun(store, store.open_run(study.id, ORACLE), spec, artifacts, Listener())
    executor.run(sweep, spec, artifacts)
    return sweep, store


def facts(store: Store, sweep: OracleRun) -> list[Any]:
    """Everything that must not depend on who trained: all but times and row numbers."""

    def of(trial: TrialRecord) -> tuple[Any, ...]:
        assert trial.result is not None
        result = trial.result
        measured = (result.val_accuracy, result.test_accuracy, result.val_loss, result.test_loss, result.train_loss)
        produced = (result.diverged, result.density, result.checkpoint, result.rewind_point, result.epochs)
        return (trial.level, trial.seed, trial.max_lr, trial.parent, trial.round, *measured, *produced)

    decided = [(level.level, level.density, level.winner, level.edge) for level in store.levels(sweep.run.id)]
    kept = sorted(checkpoint.hash for checkpoint in store.checkpoints(sweep.run.id))
    return [decided, sorted(map(of, store.trials(sweep.run.id, curves=True)), key=repr), kept]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    sweep, store = run(InlineExecutor(), SMALL, tmp_path_factory.mktemp("inline"))
    with store:
        assert sweep.complete
        return facts(store, sweep)


def test_inline_is_reproducible(reference: list[Any], tmp_path: Path) -> None:
    sweep, store = run(InlineExecutor(), SMALL, tmp_path)
    with store:
        assert facts(store, sweep) == reference


def make(kind: str, workers: int, cluster: str) -> Executor:
    return TuneExecutor(workers, cluster) if kind == "tune" else ProcessExecutor(workers)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_others_give_what_inline_gives(
    kind: str, workers: int, cluster: str, reference: list[Any], tmp_path: Path
) -> None:
    sweep, store = run(make(kind, workers, cluster), SMALL, tmp_path)
    with store:
        assert facts(store, sweep) == reference


@pytest.mark.parametrize("kind", ["inline", *KINDS])
def test_trials_that_travel_in_groups_are_the_same(
    kind: str, cluster: str, reference: list[Any], tmp_path: Path
) -> None:
    executor = InlineExecutor() if kind == "inline" else make(kind, 2, cluster)
    sweep, store = run(executor, SMALL | {"engine": "graphs"}, tmp_path)  # dealt out in groups; a CPU trains them alone
    with store:
        assert facts(store, sweep) == reference


POLICIES = {
    "gradient-scaled": Policy(GradientScaled(0.1, 0.8)),
    "range-test": Policy(RangeTest()),
    "clr": Policy(Constant(0.1), OneCycle(momentum=(0.85, 0.95)), "learning-rate", 1),
    "allr": Policy(AdaptiveRestart(0.1, 0.2, 0.45), Linear(0.1), "learning-rate", 1),
}


def walked(executor: Executor, folder: Path) -> dict[str, list[Any]]:
    """What runs of schedules that measure, or train otherwise than the study, come to."""
    spec = parse_spec(SMALL, "of the test")
    with Store.open(f"sqlite:///{folder / 'study.db'}") as store:
        study = open_study(store, "small", spec, str(folder / "artifacts"))
        runs = [store.open_run(study.id, name, policy_to_dict(policy)) for name, policy in POLICIES.items()]
        walks = ScheduleRuns([ScheduleRun(store, run, spec, [3, 4], Listener()) for run in runs])
        executor.run(walks, spec, Artifacts(study.artifacts))
        assert walks.complete
        return {
            run.name: [
                sorted(
                    (t.seed, t.level, t.max_lr, t.result.checkpoint, t.result.test_accuracy)
                    for t in store.trials(run.id)
                    if t.result is not None
                ),
                store.measurements(run.id),
                sorted(store.gradients(run.id).values(), key=repr),
            ]
            for run in runs
        }


def test_runs_of_schedules_are_the_same_whoever_trains_them(cluster: str, tmp_path: Path) -> None:
    found = []
    for executor in (InlineExecutor(), TuneExecutor(2, cluster), ProcessExecutor(2)):
        folder = tmp_path / type(executor).__name__
        folder.mkdir()
        found.append(walked(executor, folder))
    assert found[0] == found[1] == found[2]
    for trials, _, gradients in found[0].values():
        assert len(trials) == len(gradients) == 6
    assert {len(measured) for _, measured, _ in found[0].values()} == {0, 6}
    rates = {name: {level: max_lr for _, level, max_lr, *_ in run[0]} for name, run in found[0].items()}
    assert rates["clr"] == {0: 0.1, 1: 0.1, 2: 0.1}
    assert rates["gradient-scaled"][1] != 0.1
    dense = {name: run[0][0][3] for name, run in found[0].items()}
    assert dense["clr"] == dense["allr"] == dense["gradient-scaled"]  # the retraining variants' dense network too
    assert len({run[0][1][3] for run in found[0].values()}) == 4  # no two train level 1 the same way


WORKLOAD = """
    import os
    from dataclasses import replace
    from pathlib import Path
    from scyc.workloads import load_workload
    from scyc.models import mlp

    base = load_workload("mnist1d/mlp-300-100")

    def build():
        trouble = Path(__file__).with_name("trouble")
        if trouble.exists() and os.environ.get("RAY_JOB_ID", "x") != "driver":
            exec(trouble.read_text())
        return mlp(hidden=(20,))

    mine = replace(base, name="mine", build_model=build)
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trouble", ["raise RuntimeError('no luck')", "os._exit(1)"])
def test_a_trial_that_raises_or_kills_its_worker_is_recorded_as_failed_and_can_be_trained_later(
    trouble: str, kind: str, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"mine_{kind}_" + "".join(filter(str.isalpha, trouble))
    (tmp_path / f"{package}.py").write_text(textwrap.dedent(WORKLOAD))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("oracle.execution.deaths.FORGIVEN", 0)
    spec = SMALL | {
        "workload": f"{package}:mine",
        "levels": 1,
        "seeds": [0],
        "search": {"max_lr": {"values": [0.1, 1]}},
    }

    (tmp_path / "trouble").write_text(f"if os.getpid() != {os.getpid()}: {trouble}")
    sweep, store = run(make(kind, 1, cluster), spec, tmp_path)
    with store:
        assert sweep.failed
        assert not sweep.complete
        assert {trial.state for trial in store.trials(sweep.run.id)} == {"failed"}
        said = "RuntimeError: no luck" if "raise" in trouble else "The worker process died"
        assert said in (store.trials(sweep.run.id)[0].error or "")
        assert store.levels(sweep.run.id) == []

        (tmp_path / "trouble").unlink()
        store.requeue_failed(sweep.run.id)
    sweep, store = run(make(kind, 1, cluster), spec, tmp_path)
    with store:
        assert sweep.complete


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_that_hangs_is_ended_and_recorded_as_failed(
    kind: str, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"mine_{kind}_that_hangs"
    (tmp_path / f"{package}.py").write_text(textwrap.dedent(WORKLOAD))
    # Holds the interpreter's lock, as a hanging library may: nothing of Python runs in that process any more.
    (tmp_path / "trouble").write_text("import ctypes; ctypes.PyDLL(None).sleep(1000)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = SMALL | {"workload": f"{package}:mine", "levels": 1, "seeds": [0], "search": {"max_lr": {"values": [0.1]}}}
    executor = TuneExecutor(1, cluster, 2) if kind == "tune" else ProcessExecutor(1, 2)
    sweep, store = run(executor, spec, tmp_path)
    with store:
        [trial] = store.trials(sweep.run.id)
        assert trial.state == "failed"
        assert "The trial took longer than the 2 seconds that --trial-timeout allows" in (trial.error or "")
        assert trial.attempts == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_worker_lacks_is_said(kind: str, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = f"mine_{kind}_without_data"
    source = (
        textwrap.dedent(WORKLOAD)
        + f"""
def load():
    if os.getpid() != {os.getpid()}:
        raise FileNotFoundError("this machine has no such data")
    return base.load_data()

mine = replace(mine, load_data=load)
"""
    )
    (tmp_path / f"{package}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = SMALL | {"workload": f"{package}:mine", "levels": 1, "seeds": [0], "search": {"max_lr": {"values": [0.1]}}}
    sweep, store = run(make(kind, 1, cluster), spec, tmp_path)
    with store:
        assert "FileNotFoundError: this machine has no such data" in (store.trials(sweep.run.id)[0].error or "")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_the_database_ends_the_sweep_instead_of_being_logged(
    kind: str, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Store, "finish_trials", refuse)
    with pytest.raises(OSError, match="the disk is full"):
        run(make(kind, 2, cluster), SMALL, tmp_path)
    assert workers_of("processes") == []


def test_a_sweep_leaves_no_folder_behind(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    run(TuneExecutor(1, cluster), SMALL | {"levels": 1}, tmp_path)[1].close()
    assert list(scratch.iterdir()) == []


def workers_of(kind: str) -> list[int]:
    """Processes that train for these tests, and not for others that run beside them."""
    mark = {"tune": b"ray::_TrialTrainable", "processes": b"oracle.execution.child"}[kind]
    ours = f"SCYC_TEST_CLUSTER={OURS}" if kind == "tune" else f"SCYC_TEST_DRIVER={OURS}"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            called, environment = (folder.joinpath(name).read_bytes() for name in ("cmdline", "environ"))
            if mark in called and ours.encode() in environment:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_killed_workers_are_replaced_and_cost_no_trial_an_attempt(
    kind: str, cluster: str, reference: list[Any], tmp_path: Path
) -> None:
    killed: list[int] = []

    class Killer(Listener):
        """Ends every worker after the fourth trial, at once, and after the tenth, as a machine that is taken away."""

        ended = 0

        def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
            self.ended += 1
            if self.ended in (4, 10):
                for pid in workers_of(kind):
                    os.kill(pid, signal.SIGKILL if self.ended == 4 else signal.SIGTERM)
                    killed.append(pid)

    spec = parse_spec(SMALL, "of the test")
    with Store.open(f"sqlite:///{tmp_path / 'study.db'}") as store:
        study = open_study(store, "small", spec, str(tmp_path / "artifacts"))
        artifacts = Artifacts(study.artifacts)
        sweep = OracleRun(store, store.open_run(study.id, ORACLE), spec, artifacts, Killer(), retries=0)
        make(kind, 2, cluster).run(sweep, spec, artifacts)
        assert len(killed) >= 2
        assert {trial.attempts for trial in store.trials(sweep.run.id)} == {0}
        assert facts(store, sweep) == reference


@pytest.mark.parametrize("kind", KINDS)
def test_the_driver_alone_opens_connections(kind: str, cluster: str, server: Server, tmp_path: Path) -> None:
    url = server.empty()
    seen: list[int] = []

    class Counting(Listener):
        """Counts the connections to the database whenever a trial has ended, while others are under way."""

        def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
            query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database_of(url)}'"
            seen.append(server.execute(query)[0][0])

    spec = parse_spec(SMALL | {"levels": 1, "seeds": [0, 1, 2]}, "of the test")
    with Store.open(url) as store:
        study = open_study(store, "small", spec, str(tmp_path / "artifacts"))
        artifacts = Artifacts(study.artifacts)
        with driving(store, study, lifetime=0.3) as fenced:
            sweep = OracleRun(fenced, fenced.open_run(study.id, ORACLE), spec, artifacts, Counting())
            make(kind, 2, cluster).run(sweep, spec, artifacts)
        assert sweep.complete
    assert len(seen) >= 9
    assert set(seen) <= {1, 2}  # one to read and write, one for the heartbeat, however many workers


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
    monkeypatch.setattr("oracle.execution.tune.shutil.rmtree", lambda *_, **__: None)  # what Tune wrote stays
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
