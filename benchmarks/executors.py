"""Time what each executor adds to a trial, with a sweep of trials that hardly train.

    python -m benchmarks.executors [TRIALS]

It trains TRIALS trials (default: 200) of one epoch on 100 examples, one after another: in this process, in one process
beside it, and on Ray Tune with one worker. The table is kept in benchmarks/results/executors.md.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.driver.events import Listener
from oracle.driver.oracle_run import OracleRun
from oracle.execution.inline import InlineExecutor
from oracle.execution.processes import ProcessExecutor
from oracle.execution.tune import TuneExecutor
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study
from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from scyc.data import Dataset, Split
from scyc.models import mlp
from scyc.randomness import stream
from scyc.workloads import Workload
from studies import Artifacts, Store

if TYPE_CHECKING:
    from oracle.execution import Executor
    from oracle.execution.messages import Failure, Outcome, TrialRequest

RESULT = Path(__file__).parent / "results" / "executors.md"
WARM = 10  # trials before the clock is started


def noise() -> Dataset:
    """Return a data set of noise."""
    import torch

    inputs = torch.randn(100, 40, generator=stream("noise"))
    split = Split(inputs, torch.arange(100) % 10)
    return Dataset(split, split, split, num_classes=10)


idle = Workload("idle", build_model=lambda: mlp(hidden=(20,)), load_data=noise)


class Clock(Listener):
    """Notes when trials end, and how long they trained."""

    def __init__(self) -> None:
        self.ended: list[float] = []
        self.trained: list[float] = []

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:  # noqa: ARG002
        """Note it."""
        self.ended.append(time.perf_counter())
        self.trained.append(outcome.result.seconds)  # type: ignore[union-attr]


def measure(executor: Executor, trials: int) -> str:
    """Return part of a table row: seconds to the end of the first trial, milliseconds of training, and of all else."""
    grid = [float(f"{0.01 * 100 ** (i / trials):.6g}") for i in range(trials)]
    search = {"max_lr": {"values": grid}, "widen": 0}
    given = {"workload": "benchmarks.executors:idle", "levels": 1, "seeds": [0], "epochs": 1, "search": search}
    spec, clock = parse_spec(given, "executors"), Clock()
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/scyc.db") as store:
        study = open_study(store, "idle", spec, f"{folder}/weights")
        artifacts = Artifacts(study.artifacts)
        sweep = OracleRun(store, store.open_run(study.id, ORACLE), spec, artifacts, clock)
        started = time.perf_counter()
        executor.run(sweep, spec, artifacts)
    each = (clock.ended[-1] - clock.ended[WARM]) / (trials - WARM - 1)
    trained = sum(clock.trained[WARM + 1 :]) / (trials - WARM - 1)
    return f"{clock.ended[0] - started:.1f} | {1000 * trained:.1f} | {1000 * (each - trained):.1f}"


def main() -> None:
    """Time all executors, print the table and keep it."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    machine = provenance()
    lines = [
        "# What the executors add to a trial",
        "",
        f"`python -m benchmarks.executors {trials}` at {(machine['commit'] or 'no commit')[:12]} on "
        f"{machine['hardware']['processor']}, {machine['hardware']['cores']} cores, shared with others (load "
        f"{os.getloadavg()[0]:.1f} before); Python {platform.python_version()}, Ray {version('ray')}, PyTorch "
        f"{version('torch')}; SQLite.",
        "",
        "One worker. First: seconds until the first trial has ended. Training: milliseconds per trial. Added: "
        "milliseconds per trial for all that is not training: the worker's fsynced weights, the messages, the database "
        "and the executor itself.",
        "",
        "| executor | first | training | added |",
        "| --- | --- | --- | --- |",
    ]
    executors: dict[str, Executor] = {
        "inline": InlineExecutor(),
        "processes": ProcessExecutor(1),
        "Ray Tune": TuneExecutor(1),
    }
    for name, executor in executors.items():
        lines.append(f"| {name} | {measure(executor, trials)} |")
        print(lines[-1], flush=True)
    write_text("\n".join(lines) + "\n", RESULT)


if __name__ == "__main__":
    main()
