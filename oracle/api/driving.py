"""Driving a study, for every call that trains: take its lease, read it again, and train it to its end."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from oracle.api.errors import TrialsFailed, WorkersEnded
from oracle.driver.events import Listeners
from oracle.driver.interruption import interruptible
from oracle.driver.lease import driving
from oracle.driver.oracle_run import OracleRun
from oracle.driver.schedule_runs import ScheduleRun, ScheduleRuns
from oracle.execution import make_executor
from oracle.study.checking import explained
from oracle.study.opening import ORACLE, study_spec
from studies import Artifacts, claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.api.displays import Display
    from oracle.execution import ExecutionOptions, Executor
    from oracle.spec.model import Spec
    from studies import RunRecord, Store, StudyRecord


@dataclass(frozen=True)
class Driven:
    """A study whose lease this process holds.

    Attributes:
        store: the database; writes to it fail once the lease is lost.
        study: the study, as it was read after the lease was taken.
        spec: the spec of that study.
        artifacts: the store of its weights, which belongs to this database.
    """

    store: Store
    study: StudyRecord
    spec: Spec
    artifacts: Artifacts

    @classmethod
    def read(cls, store: Store, name: str) -> Self:
        """Read a study as it is now.

        Raises:
            StudyError: its artifact store is not there, or belongs to another database.
        """
        study = store.study(name)
        return cls(store, study, study_spec(study), claim(store, study.artifacts))


def ready_executor(options: ExecutionOptions, spec: Spec, artifacts: str) -> Executor:
    """Return the executor that the options ask for, once everything that can be refused has been checked.

    Args:
        options: how trials are trained.
        spec: spec of the study.
        artifacts: folder or URL of its weights.

    Raises:
        InputError: the spec or an option is not valid.
        StudyError: the artifact store cannot be used.
    """
    from oracle.driver.preflight import check_ready  # it needs PyTorch, which listing or exporting studies does not

    executor = make_executor(options, spec)
    check_ready(spec, Artifacts(artifacts), here=executor.here)
    return executor


@contextmanager
def driven(store: Store, name: str) -> Iterator[Driven]:
    """Hold a study's lease within the block. The study is read again first: another driver may have extended it.

    Raises:
        StudyNotFound: there is no such study.
        StudyBusy: another driver holds the lease.
        StudyError: its artifact store is not there, or belongs to another database.
    """
    with driving(store, store.study(name)) as fenced, explained(store, name):
        yield Driven.read(fenced, name)


def train_oracle(held: Driven, executor: Executor, options: ExecutionOptions, display: Display, db: str) -> None:
    """Train what is missing from a study's oracle run.

    Args:
        held: the study.
        executor: trains the trials.
        options: retries, and whether trials are mirrored for optuna-dashboard.
        display: shows how far it is.
        db: URL of the database, for the mirror.

    Raises:
        TrialsFailed: failed trials block the study.
        WorkersEnded: the executor ended before the study did.
        KeyboardInterrupt: the call was interrupted; what was recorded is kept.
    """
    store, study, spec = held.store, held.study, held.spec
    run = store.open_run(study.id, ORACLE)
    with ExitStack() as stack:
        stack.enter_context(_timed(store, [run]))
        if options.retry_failed:
            store.requeue_failed(run.id)
        listener = stack.enter_context(display.sweep(spec, store.counts(run.id)["complete"]))
        stack.enter_context(interruptible())
        if options.mirror:
            from oracle.driver.optuna_mirror import OptunaMirror  # importing Optuna takes half a second

            mirror = OptunaMirror(db, store, run, study.name, spec, display.warn)
            listener = Listeners(listener, stack.enter_context(closing(mirror)))
        source = OracleRun(store, run, spec, held.artifacts, listener, options.retries)
        if not source.finished:
            executor.run(source, spec, held.artifacts)
    if source.failed:
        raise TrialsFailed(f"Level {source.level} cannot be decided: {len(source.failed)} of its trials failed.")
    if not source.complete:
        raise WorkersEnded


def train_runs(
    held: Driven,
    runs: Sequence[RunRecord],
    seeds: Sequence[int],
    executor: Executor,
    options: ExecutionOptions,
    display: Display,
) -> None:
    """Train runs of schedules, each on every seed.

    Args:
        held: the study.
        runs: runs of the study, each with its policy.
        seeds: at least one.
        executor: trains the trials.
        options: retries.
        display: shows how far it is.

    Raises:
        TrialsFailed: failures block some of the runs.
        WorkersEnded: the executor ended before the runs did.
        KeyboardInterrupt: the call was interrupted; what was recorded is kept.
    """
    store, spec = held.store, held.spec
    with ExitStack() as stack:
        stack.enter_context(_timed(store, runs))
        listener = stack.enter_context(display.runs({run.id: run.name for run in runs}))
        stack.enter_context(interruptible())
        if options.retry_failed:
            for run in runs:
                store.requeue_failed(run.id)
        walks = ScheduleRuns([ScheduleRun(store, run, spec, seeds, listener, options.retries) for run in runs])
        listener.trials_expected(walks.steps_left)
        if not walks.finished:
            executor.run(walks, spec, held.artifacts)
    if walks.failures:
        raise TrialsFailed(f"Some runs are blocked by failures: {'; '.join(walks.failures)}.")
    if not walks.complete:
        raise WorkersEnded


@contextmanager
def _timed(store: Store, runs: Sequence[RunRecord]) -> Iterator[None]:
    """Record the time that the block takes, however it ends."""
    started = time.monotonic()
    try:
        yield
    finally:
        for run in runs:
            store.add_wall_seconds(run.id, time.monotonic() - started)
