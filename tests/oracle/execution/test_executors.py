"""One suite for every executor: the same spec gives the same study to the bit, whoever trains it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oracle.execution import Executor, InlineExecutor
from oracle.execution.tune import TuneExecutor
from oracle.listeners import Listener
from oracle.spec_file import parse_spec
from oracle.study import ORACLE, open_study
from oracle.sweep import Sweep
from studies import Artifacts, Store, TrialRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.spec import Spec

SMALL = {
    "levels": 3,
    "seeds": [0, 1],
    "epochs": 1,
    "search": {"max_lr": {"values": [0.05, 0.2, 0.8]}, "widen": 1},
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a Ray cluster that is there already, as on a user's machines."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={port}"]
    command += ["--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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


def run(executor: Executor, given: dict[str, Any], folder: Path) -> tuple[Sweep, Store]:
    spec: Spec = parse_spec(given, "of the test")
    store = Store.open(f"sqlite:///{folder / 'study.db'}")
    study = open_study(store, "small", spec, str(folder / "artifacts"))
    artifacts = Artifacts(study.artifacts)
    sweep = Sweep(store, store.open_run(study.id, ORACLE), spec, artifacts, Listener())
    executor.run(sweep, spec, artifacts)
    return sweep, store


def facts(store: Store, sweep: Sweep) -> list[Any]:
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


@pytest.mark.parametrize("workers", [1, 2])
def test_tune_gives_what_inline_gives(workers: int, cluster: str, reference: list[Any], tmp_path: Path) -> None:
    sweep, store = run(TuneExecutor(workers, cluster), SMALL, tmp_path)
    with store:
        assert facts(store, sweep) == reference


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


@pytest.mark.parametrize("trouble", ["raise RuntimeError('no luck')", "os._exit(1)"])
def test_a_trial_that_raises_or_kills_its_worker_is_recorded_as_failed_and_can_be_trained_later(
    trouble: str, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "mine_" + "".join(filter(str.isalpha, trouble))
    (tmp_path / f"{package}.py").write_text(textwrap.dedent(WORKLOAD))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = SMALL | {
        "workload": f"{package}:mine",
        "levels": 1,
        "seeds": [0],
        "search": {"max_lr": {"values": [0.1, 1]}},
    }

    (tmp_path / "trouble").write_text(f"if os.getpid() != {os.getpid()}: {trouble}")
    sweep, store = run(TuneExecutor(1, cluster), spec, tmp_path)
    with store:
        assert sweep.failed
        assert not sweep.complete
        assert {trial.state for trial in store.trials(sweep.run.id)} == {"failed"}
        if "raise" in trouble:
            assert "RuntimeError: no luck" in (store.trials(sweep.run.id)[0].error or "")
        assert store.levels(sweep.run.id) == []

        (tmp_path / "trouble").unlink()
        store.requeue_failed(sweep.run.id)
    sweep, store = run(TuneExecutor(1, cluster), spec, tmp_path)
    with store:
        assert sweep.complete


def test_an_error_of_the_database_ends_the_sweep_instead_of_being_logged(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Store, "finish_trial", refuse)
    with pytest.raises(OSError, match="the disk is full"):
        run(TuneExecutor(2, cluster), SMALL, tmp_path)


def test_a_sweep_leaves_no_folder_behind(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    run(TuneExecutor(1, cluster), SMALL | {"levels": 1}, tmp_path)[1].close()
    assert list(scratch.iterdir()) == []
