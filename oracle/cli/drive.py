"""What `scyc sweep`, `resume` and `extend` share: their options, and how a study is gone on with."""

from __future__ import annotations

import os
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import torch
import typer

from oracle.cli.app import FAILED, INTERRUPTED, db_option, err, out, print_json, say
from oracle.execution import Executor, InlineExecutor
from oracle.interruption import exit_within
from oracle.listeners import Listener, Listeners
from oracle.mirror import OptunaMirror
from oracle.progress import LiveProgress, PlainProgress
from oracle.study import ORACLE
from oracle.sweep import Sweep
from oracle.view import to_json, view_study
from scyc import InputError
from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.spec import Spec
    from studies import RunRecord, StudyRecord

GRACE = 6.0  # seconds that an interrupted sweep has for stopping its workers

Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Trials trained at a time; as many as this machine's cores allow unless given."),
]
Engine = Annotated[
    Literal["tune", "inline"], typer.Option("--executor", help="Train on Ray Tune's workers, or in this process.")
]
RayAddress = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A running Ray cluster; without it one is started and stopped.")
]
Retries = Annotated[int, typer.Option(min=0, help="How often a trial that fails is trained again.")]
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
        """Train what the study lacks, with a display of how far it is.

        Args:
            store: fenced by the study's lease.
            study: in it.
            spec: of the study.

        Raises:
            typer.Exit: it was interrupted, or failed trials are in the way.
        """
        name, hint = study.name, db_option(self.db)
        console = err if self.as_json else out
        artifacts = Artifacts(study.artifacts)
        run = store.open_run(study.id, ORACLE)
        if self.retry_failed:
            store.requeue_failed(run.id)
        recorded = store.counts(run.id)["complete"]
        progress = (LiveProgress if console.is_terminal else PlainProgress)(console, spec, recorded)
        started = time.monotonic()

        def interrupted() -> None:
            say(err, f"Interrupted; {progress.done} trials are in the database. Go on with `scyc resume {name}{hint}`.")

        try:
            with (
                progress,
                exit_within(GRACE, INTERRUPTED, interrupted),
                self._listening(progress, store, run, name, spec) as listener,
            ):
                source = Sweep(store, run, spec, artifacts, listener, self.retries)
                if not source.finished:
                    self.executor.run(source, spec, artifacts)
        except KeyboardInterrupt:
            interrupted()
            raise typer.Exit(INTERRUPTED) from None
        finally:
            store.add_wall_seconds(run.id, time.monotonic() - started)
        if source.failed:
            say(
                err,
                f"Level {source.level} cannot be decided: {len(source.failed)} of its trials failed. Once the cause is "
                f"mended, go on with `scyc resume {name}{hint} --retry-failed`.",
            )
            raise typer.Exit(FAILED)
        if not source.complete:
            say(
                err,
                f"The workers ended before the study did: Ray may have been stopped, or has died. Nothing that was "
                f"recorded is lost; go on with `scyc resume {name}{hint}`.",
            )
            raise typer.Exit(FAILED)
        if self.as_json:
            print_json(to_json(view_study(store, name)))
            return
        say(
            out,
            f"Every level is decided. See `scyc show {name}{hint}`, or make the report: `scyc report {name}{hint}`.",
        )

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


def make_executor(kind: str, spec: Spec, workers: int | None, ray_address: str | None) -> Executor:
    """Return the executor that the options ask for.

    Raises:
        InputError: they contradict each other.
    """
    if kind == "inline":
        if ray_address is not None or (workers or 1) > 1:
            raise InputError(
                "--executor inline trains one trial at a time here; leave out --workers and --ray-address."
            )
        return InlineExecutor()
    from oracle.execution.tune import TuneExecutor

    return TuneExecutor(workers or _places(spec), ray_address)


def _places(spec: Spec) -> int:
    """Return how many trials fit on this machine at a time."""
    places = len(os.sched_getaffinity(0)) // spec.resources.cpus_per_trial
    if spec.resources.gpus_per_trial > 0:
        places = min(places, int(torch.cuda.device_count() / spec.resources.gpus_per_trial))
    return max(1, places)
