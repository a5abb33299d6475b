"""Driving a study, for every call that trains: take its lease, read it again, and train it to its end."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from oracle.api.errors import NothingLearned, StoppedOnRequest, TrialsFailed, WorkersEnded
from oracle.driver.apart import check_ready_apart
from oracle.driver.events import Listeners
from oracle.driver.interruption import interruptible
from oracle.driver.lease import driving
from oracle.driver.machine_watch import MachineWatch
from oracle.driver.oracle_run import OracleRun
from oracle.driver.schedule_runs import ScheduleRun, ScheduleRuns
from oracle.driver.stopping import Stoppable, StopSignal
from oracle.execution import make_executor
from oracle.results.silence import STUCK
from oracle.study.checking import explained
from oracle.study.fingerprints import check_trained_on, trained_on_now
from oracle.study.machines import Machines
from oracle.study.opening import ORACLE, study_spec
from scyc.fence import fenced
from scyc.own_objects import given
from scyc.workloads import is_own
from studies import Artifacts, claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oracle.api.displays import Display
    from oracle.api.errors import StudyStopped
    from oracle.driver.ready import Ready
    from oracle.execution import ExecutionOptions, Executor
    from oracle.spec.model import Spec
    from scyc import Policy
    from studies import RunRecord, Store, StudyRecord


@dataclass(frozen=True)
class Driven:
    """A study whose lease this process holds.

    Attributes:
        store: the database; writes to it fail once the lease is lost.
        study: the study, as it was read after the lease was taken.
        spec: the spec of that study.
        artifacts: the store of its weights, which belongs to this database.
        trained_on: fingerprints of data and own code that workers must have, as JSON; "" for any.
        stop: whether somebody has asked this driver to stop.
    """

    store: Store
    study: StudyRecord
    spec: Spec
    artifacts: Artifacts
    trained_on: str = ""
    stop: StopSignal = field(default_factory=StopSignal)

    @classmethod
    def read(cls, store: Store, name: str) -> Self:
        """Read a study as it is now.

        Raises:
            StudyError: its artifact store is not there, or belongs to another database.
        """
        study = store.study(name)
        return cls(store, study, study_spec(study), claim(store, study.artifacts))

    @property
    def ended_early(self) -> StudyStopped:
        """What to raise where the executor has ended and trials are left."""
        return WorkersEnded() if self.stop.wish is None else StoppedOnRequest(self.stop.wish)

    def read_again(self) -> Self:
        """Return the same study, driven by the same process, as it is now."""
        study = self.store.study(self.study.name)
        return replace(self, study=study, spec=study_spec(study))


def ready_executor(
    options: ExecutionOptions, spec: Spec, artifacts: str, policies: Iterable[Policy] = ()
) -> tuple[Executor, Ready]:
    """Return the executor that the options ask for, and what was found when everything that can be refused was checked.

    Args:
        options: how trials are trained.
        spec: spec of the study.
        artifacts: folder or URL of its weights.
        policies: what runs of schedules will train with.

    Raises:
        InputError: the spec or an option is not valid.
        StudyError: the artifact store cannot be used.
    """
    from oracle.driver.preflight import check_ready  # it needs PyTorch, which listing or exporting studies does not
    from scyc.fingerprints import forget

    forget()  # in a notebook, files may have changed since the last call
    executor, store = make_executor(options, spec), Artifacts(artifacts)
    apart = is_own(spec.workload) and spec.trial.command is None and given(spec.workload) is None
    if options.executor != "inline" and apart:
        ready = check_ready_apart(spec, store, policies, here=executor.here, limit=options.trial_timeout)
    else:
        with fenced(spec.workload):
            ready = check_ready(spec, store, policies, here=executor.here)
    return executor, ready


@contextmanager
def training(store: Store, name: str, options: ExecutionOptions, display: Display, ready: Ready) -> Iterator[Driven]:
    """Hold a study's lease within the block, once its data, code and network are known to be those on record.

    The study is read again first: another driver may have extended it. Then the display tells what the user should know
    before the work starts.

    Raises:
        InputError: data or own code have changed, and the options do not accept that; or the network has.
        LaunchWithdrawn: the options name a launch, and it was withdrawn meanwhile.
        StoppedOnRequest: somebody has asked this driver to stop at once.
        StudyNotFound: there is no such study.
        StudyBusy: another driver holds the lease.
        StudyError: its artifact store is not there, or belongs to another database.
    """
    from oracle.driver.preflight import check_same_network

    stop = StopSignal()
    with (
        driving(store, store.study(name), stop=stop) as locked,
        ExitStack() as stack,
        explained(store, name),
    ):
        held = Driven.read(locked, name)
        if options.launch is not None:
            stack.enter_context(_launched(store, locked, options.launch, held.study.id))
        now = trained_on_now(held.spec)
        check_trained_on(held.store, held.study, now, accept=options.accept_changes, warn=display.warn)
        check_same_network(held.spec, held.study, ready.coverage)
        if ready.data:
            display.data(ready.data)
        if ready.coverage is not None and ready.coverage.notable:
            display.say(ready.coverage.sentence)
        for warning in ready.warnings:
            display.warn(warning)
        trained_on = "" if options.accept_changes else json.dumps(now.fingerprints, sort_keys=True)
        try:
            yield replace(held, trained_on=trained_on, stop=stop)
        except KeyboardInterrupt:
            if stop.wish != "cancel":
                raise
            raise StoppedOnRequest(stop.wish) from None


@contextmanager
def _launched(store: Store, locked: Store, launch: str, study: int) -> Iterator[None]:
    """Record that this driver has begun with a launch, and how it ends."""
    token = locked.begin_launch(launch, study)
    try:
        yield
    except BaseException as error:
        said = "The driver was interrupted." if isinstance(error, KeyboardInterrupt) else str(error)
        store.end_launch(launch, token, "stopped", said or type(error).__name__)
        raise
    store.end_launch(launch, token, "ended")


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
        NothingLearned: no candidate of a level left a network that can be pruned.
        StoppedOnRequest: somebody has asked this driver to stop.
        WorkersEnded: the executor ended before the study did.
        KeyboardInterrupt: the call was interrupted; what was recorded is kept.
    """
    store, study, spec = held.store, held.study, held.spec
    run = store.open_run(study.id, ORACLE)
    with ExitStack() as stack:
        stack.enter_context(_timed(store, [run]))
        if options.retry_failed:
            store.requeue_failed(run.id)
        counts = store.counts(run.id)
        listener = stack.enter_context(display.sweep(spec, counts["complete"] + counts["stopped"]))
        stack.enter_context(interruptible())
        stack.enter_context(held.stop.interrupting())
        if options.mirror:
            from oracle.driver.optuna_mirror import OptunaMirror  # importing Optuna takes half a second

            mirror = OptunaMirror(db, store, run, study.name, spec, display.warn)
            listener = Listeners(listener, stack.enter_context(closing(mirror)))
        listener = Listeners(listener, watch := MachineWatch(study.name, Machines.read(store, study.id), display.warn))
        source = OracleRun(store, run, spec, held.artifacts, listener, options.retries, held.trained_on)
        if not source.finished:
            _see_this_machine(watch, executor, spec)
            executor.run(Stoppable(source, held.stop), spec, held.artifacts)
    if source.failed:
        what = f"Level {source.level} cannot be decided: {len(source.failed)} of its trials failed"
        raise TrialsFailed(f"{what}{_last_words(store, run, source.level)}.")
    if source.stuck:
        raise NothingLearned(STUCK.format(level=source.level))
    if not source.complete:
        raise held.ended_early


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
        stack.enter_context(held.stop.interrupting())
        if options.retry_failed:
            for run in runs:
                store.requeue_failed(run.id)
        machines = Machines.read(store, held.study.id)
        listener = Listeners(listener, watch := MachineWatch(held.study.name, machines, display.warn))
        walks = ScheduleRuns(
            [ScheduleRun(store, run, spec, seeds, listener, options.retries, held.trained_on) for run in runs]
        )
        listener.trials_expected(walks.steps_left)
        if not walks.finished:
            _see_this_machine(watch, executor, spec)
            executor.run(Stoppable(walks, held.stop), spec, held.artifacts)
    if walks.failures:
        raise TrialsFailed(f"Some runs are blocked by failures: {'; '.join(walks.failures)}.")
    if not walks.complete:
        raise held.ended_early


def _last_words(store: Store, run: RunRecord, level: int) -> str:
    """Return the last line of the first error of a level, to follow what is said of it; "" if there is none."""
    errors = (trial.error for trial in store.trials(run.id) if trial.level == level and trial.state == "failed")
    lines = next(filter(None, errors), "").strip().splitlines()
    if not lines:
        return ""
    sentence = re.sub(r"^(scyc|studies)\.errors\.\w+: ", "", lines[-1].strip().rstrip("."))
    return f" ({sentence}; `study.trials()` has the whole error)"


def _see_this_machine(watch: MachineWatch, executor: Executor, spec: Spec) -> None:
    """If trials are trained on this machine's processor, warn before the first of them, not after it."""
    if watch.begun and executor.here and spec.resources.gpus_per_trial == 0:
        import torch

        from oracle.execution.machine import this_machine

        watch.see(this_machine(spec.resources.cpus_per_trial, torch.device("cpu")))


@contextmanager
def _timed(store: Store, runs: Sequence[RunRecord]) -> Iterator[None]:
    """Record the time that the block takes, however it ends."""
    started = time.monotonic()
    try:
        yield
    finally:
        for run in runs:
            store.add_wall_seconds(run.id, time.monotonic() - started)
