"""Small sweeps that are really trained, and the parts of them that must not depend on the executor."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from oracle.driver.events import Listener
from oracle.driver.oracle_run import OracleRun
from oracle.driver.schedule_runs import ScheduleRun, ScheduleRuns
from oracle.driver.stopping import Stoppable, StopSignal
from oracle.execution.inline import InlineExecutor
from oracle.execution.messages import Outcome, Stopped, TrialRequest
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
    StopRule,
    policy_to_dict,
)
from studies import Artifacts, Store, TrialResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.execution import Executor
    from oracle.execution.messages import Answer, Failure, Request
    from studies import TrialRecord

SMALL: Mapping[str, Any] = MappingProxyType(
    {"levels": 3, "seeds": [0, 1], "epochs": 1, "search": {"max_lr": {"values": [0.05, 0.2, 0.8]}, "widen": 1}}
)
"""A spec whose 18 trials or so take a few seconds."""

POLICIES = {
    "gradient-scaled": Policy(GradientScaled(0.1, 0.8)),
    "range-test": Policy(RangeTest()),
    "clr": Policy(Constant(0.1), OneCycle(momentum=(0.85, 0.95)), "learning-rate", 1),
    "allr": Policy(AdaptiveRestart(0.1, 0.2, 0.45), Linear(0.1), "learning-rate", 1),
}
"""Schedules that measure the network first, or that differ from the study in profile or rewind."""


def sweep(
    executor: Executor,
    given: Mapping[str, Any],
    folder: Path,
    listener: Listener | None = None,
    stop: StopSignal | None = None,
) -> tuple[OracleRun, Store]:
    """Start or resume a sweep in a folder; return its run and its database, which the caller must close."""
    spec = parse_spec(dict(given), "of the test")
    store = Store.open(f"sqlite:///{folder / 'study.db'}")
    try:
        study = open_study(store, "small", spec, str(folder / "artifacts"))
        artifacts = Artifacts(study.artifacts)
        run = OracleRun(store, store.open_run(study.id, ORACLE), spec, artifacts, listener or Listener())
        if not run.finished:
            executor.run(Stoppable(run, stop) if stop else run, spec, artifacts)
    except BaseException:
        store.close()
        raise
    return run, store


class PausedByTheFirst(Listener):
    """Asks the driver to pause once the first trial is recorded."""

    def __init__(self) -> None:
        self.stop = StopSignal()

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:  # noqa: ARG002
        """Ask."""
        self.stop.ask("pause")


def one_by_one(executor: Executor, engine: str, folder: Path) -> dict[int, Any]:
    """Train trials of which some are stopped by their rules, and return what must not depend on the executor.

    Returns:
        By number of the request: the learning curve, and the hash of the weights; None for one that was stopped.
    """
    spec = parse_spec({**SMALL, "levels": 1, "epochs": 3, "engine": engine}, "of the test")
    rules = [StopRule(1, 1.0), StopRule(0, 1.0), StopRule(1, 0.0), None]
    source = _Requests(
        [
            TrialRequest(4 * seed + number, 0, seed, max_lr, None, None, stop=rule)
            for seed in (0, 1)
            for number, (max_lr, rule) in enumerate(zip((0.05, 0.1, 0.2, 0.4), rules, strict=True))
        ]
    )
    executor.run(source, spec, Artifacts(str(folder / "artifacts")))
    found: dict[int, Any] = {}
    for request, answer in source.answers:
        if isinstance(answer, Stopped):
            found[request.id] = answer.epochs, None
        else:
            assert isinstance(answer, Outcome), answer
            found[request.id] = answer.result.epochs, answer.result.checkpoint
    return dict(sorted(found.items()))


class _Requests:
    """A source of requests that are there from the start."""

    def __init__(self, requests: list[TrialRequest]) -> None:
        self.requests, self.number = requests, len(requests)
        self.answers: list[tuple[TrialRequest, Answer]] = []

    gate = None

    @property
    def finished(self) -> bool:
        """Whether all are answered."""
        return len(self.answers) == self.number

    def next(self, most: int = 1) -> list[TrialRequest]:
        """Return up to `most` of those that are left."""
        given, self.requests = self.requests[:most], self.requests[most:]
        return given

    def record(self, answers: Sequence[tuple[Request, Answer]]) -> None:
        """Keep the answers."""
        self.answers += [(request, answer) for request, answer in answers if isinstance(request, TrialRequest)]


def facts(store: Store, run_id: int) -> list[Any]:
    """Return everything of a sweep that must not depend on the executor: all but times and row numbers."""

    def of(trial: TrialRecord) -> tuple[Any, ...]:
        result = [getattr(trial.result, column.name) for column in fields(TrialResult) if column.name != "seconds"]
        return (trial.level, trial.seed, trial.max_lr, trial.parent, trial.round, trial.state, *result)

    decided = [(level.level, level.density, level.winner, level.edge) for level in store.levels(run_id)]
    kept = sorted(checkpoint.hash for checkpoint in store.checkpoints(run_id))
    return [decided, sorted(map(of, store.trials(run_id, curves=True)), key=repr), kept]


def walk(executor: Executor, folder: Path) -> dict[str, list[Any]]:
    """Train runs of `POLICIES` in a folder; return their results."""
    spec = parse_spec({**SMALL, "levels": 2}, "of the test")
    with Store.open(f"sqlite:///{folder / 'study.db'}") as store:
        study = open_study(store, "small", spec, str(folder / "artifacts"))
        runs = [store.open_run(study.id, name, policy_to_dict(policy)) for name, policy in POLICIES.items()]
        walks = ScheduleRuns([ScheduleRun(store, run, spec, [3, 4], Listener()) for run in runs])
        executor.run(walks, spec, Artifacts(study.artifacts))
        return {
            run.name: [
                sorted(
                    (t.seed, t.level, t.max_lr, t.result.checkpoint, t.result.test)
                    for t in store.trials(run.id)
                    if t.result is not None
                ),
                store.measurements(run.id),
                sorted(store.gradients(run.id).values(), key=repr),
            ]
            for run in runs
        }


@cache
def reference_sweep() -> list[Any]:
    """Return the facts of a sweep of `SMALL` that was trained in this process."""
    with tempfile.TemporaryDirectory() as folder:
        run, store = sweep(InlineExecutor(), SMALL, Path(folder))
        with store:
            return facts(store, run.run.id)


@cache
def reference_one_by_one() -> dict[int, Any]:
    """Return the facts of `one_by_one` in this process."""
    with tempfile.TemporaryDirectory() as folder:
        return one_by_one(InlineExecutor(), "eager", Path(folder))


@cache
def reference_walk() -> dict[str, list[Any]]:
    """Return the results of `walk` in this process."""
    with tempfile.TemporaryDirectory() as folder:
        return walk(InlineExecutor(), Path(folder))
