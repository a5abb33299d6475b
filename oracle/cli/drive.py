"""What `scyc sweep`, `resume`, `extend` and `run` share: their options, and how a study is gone on with."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from oracle import execution
from oracle.cli.app import FAILED, INTERRUPTED, db_option, err, out, print_json, say
from oracle.cli.progress import LiveProgress, PlainProgress, RunsProgress
from oracle.driver.events import Listener, Listeners
from oracle.driver.interruption import exit_within
from oracle.driver.optuna_mirror import OptunaMirror
from oracle.driver.oracle_run import OracleRun
from oracle.driver.schedule_runs import ScheduleRun, ScheduleRuns
from oracle.execution import EXECUTORS, ExecutionOptions
from oracle.results.study_view import to_json, view_study
from oracle.study.opening import ORACLE
from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from oracle.execution import Executor
    from oracle.spec.model import Spec
    from studies import RunRecord, StudyRecord

GRACE = 6.0  # seconds that an interrupted sweep has for stopping its workers

Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Trials trained at a time; as many as this machine, or the Ray cluster, has room for unless given."
    ),
]
if TYPE_CHECKING:
    _Executor = str
else:
    _Executor = Literal["auto", *EXECUTORS]
ExecutorName = Annotated[
    _Executor,
    typer.Option(
        "--executor",
        help="Train on Ray Tune's workers, in processes of this machine, or in this one; auto takes Ray for a cluster "
        "and for GPUs, processes otherwise.",
    ),
]
RayAddress = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A running Ray cluster; without it one is started and stopped.")
]
Retries = Annotated[int, typer.Option(min=0, help="How often a trial that fails is trained again.")]
TrialTimeout = Annotated[
    float | None,
    typer.Option(min=1, metavar="SECONDS", help="A trial that takes longer is ended, and counts as failed."),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Train trials that failed once more.")]
Mirror = Annotated[bool, typer.Option("--mirror/--no-mirror", help="Show trials to optuna-dashboard too.")]


@dataclass(frozen=True)
class Drive:
    """How a study is gone on with.

    Attributes:
        executor: trains the trials.
        db: URL of the database.
        retries: how often a trial that fails is trained again.
        mirror: whether trials are mirrored for optuna-dashboard.
        as_json: print the finished study as JSON, and the progress on standard error.
        retry_failed: train trials that failed once more.
    """

    executor: Executor
    db: str
    retries: int
    mirror: bool
    as_json: bool
    retry_failed: bool = False

    def go_on(self, store: Store, study: StudyRecord, spec: Spec) -> None:
        """Train what the study's oracle lacks, with a display of how far it is.

        Args:
            store: fenced by the study's lease.
            study: in it.
            spec: of the study.

        Raises:
            typer.Exit: it was interrupted, or failed trials are in the way.
        """
        name, hint = study.name, db_option(self.db)
        artifacts = Artifacts(study.artifacts)
        run = store.open_run(study.id, ORACLE)
        if self.retry_failed:
            store.requeue_failed(run.id)
        recorded = store.counts(run.id)["complete"]
        progress = (LiveProgress if self._console.is_terminal else PlainProgress)(self._console, spec, recorded)
        resume = f"scyc resume {name}{hint}"
        with (
            self._interruptible(store, [run], progress, resume),
            self._listening(progress, store, run, name, spec) as listener,
        ):
            source = OracleRun(store, run, spec, artifacts, listener, self.retries)
            if not source.finished:
                self.executor.run(source, spec, artifacts)
        if source.failed:
            say(
                err,
                f"Level {source.level} cannot be decided: {len(source.failed)} of its trials failed. Once the cause is "
                f"mended, go on with `{resume} --retry-failed`.",
            )
            raise typer.Exit(FAILED)
        _check_ended(source.complete, resume)
        if self.as_json:
            print_json(to_json(view_study(store, name)))
            return
        say(
            out,
            f"Every level is decided. See `scyc show {name}{hint}`, or make the report: `scyc report {name}{hint}`.",
        )

    def walk(
        self, store: Store, study: StudyRecord, spec: Spec, runs: Sequence[RunRecord], seeds: Sequence[int], again: str
    ) -> None:
        """Train runs of schedules, with a display of how far they are.

        Args:
            store: fenced by the study's lease.
            study: in it.
            spec: of the study.
            runs: of the study, each with its policy.
            seeds: that every run is trained on.
            again: the command that goes on with them.

        Raises:
            typer.Exit: it was interrupted, or a failure is in the way.
        """
        artifacts = Artifacts(study.artifacts)
        progress = RunsProgress(self._console, {run.id: run.name for run in runs})
        with self._interruptible(store, runs, progress, again):
            if self.retry_failed:
                for run in runs:
                    store.requeue_failed(run.id)
            walks = ScheduleRuns([ScheduleRun(store, run, spec, seeds, progress, self.retries) for run in runs])
            progress.start(walks.steps_left)
            if not walks.finished:
                self.executor.run(walks, spec, artifacts)
        if walks.failures:
            failures = "; ".join(walks.failures)
            say(err, f"What failed: {failures}. Once the cause is mended, go on with `{again} --retry-failed`.")
            raise typer.Exit(FAILED)
        _check_ended(walks.complete, again)

    @property
    def _console(self) -> Console:
        return err if self.as_json else out

    @contextmanager
    def _interruptible(
        self, store: Store, runs: Sequence[RunRecord], progress: PlainProgress | RunsProgress, again: str
    ) -> Iterator[None]:
        """Show the progress, record the time spent, and when interrupted say how to go on."""
        started = time.monotonic()

        def interrupted() -> None:
            say(err, f"Interrupted; {progress.done} trials are in the database. Go on with `{again}`.")

        try:
            with progress, exit_within(GRACE, INTERRUPTED, interrupted):
                yield
        except KeyboardInterrupt:
            interrupted()
            raise typer.Exit(INTERRUPTED) from None
        finally:
            for run in runs:
                store.add_wall_seconds(run.id, time.monotonic() - started)

    @contextmanager
    def _listening(
        self, progress: PlainProgress, store: Store, run: RunRecord, name: str, spec: Spec
    ) -> Iterator[Listener]:
        """Yield whom the sweep talks to: the display, and the mirror if there is to be one."""
        if not self.mirror:
            yield progress
            return
        with closing(OptunaMirror(self.db, store, run, name, spec, progress.say)) as mirror:
            yield Listeners(progress, mirror)


def _check_ended(complete: bool, again: str) -> None:
    if not complete:
        say(
            err,
            f"The workers ended before the study did: Ray may have been stopped, or has died. Nothing that was "
            f"recorded is lost; go on with `{again}`.",
        )
        raise typer.Exit(FAILED)


def make_executor(
    kind: str, spec: Spec, workers: int | None, ray_address: str | None, trial_timeout: float | None = None
) -> Executor:
    """Return the executor that the options ask for.

    Raises:
        InputError: they do not go together.
    """
    return execution.make_executor(ExecutionOptions(kind, workers, ray_address, trial_timeout), spec)
