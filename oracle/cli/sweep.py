"""`scyc sweep` and `scyc resume`: start an oracle sweep, or go on with one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import torch
import typer

from oracle.cli.app import (
    DEFAULT_DB,
    FAILED,
    INTERRUPTED,
    AsJson,
    DatabaseUrl,
    StudyName,
    app,
    db_option,
    default_artifacts,
    err,
    out,
    print_json,
    say,
)
from oracle.execution import Executor, InlineExecutor
from oracle.interruption import exit_within
from oracle.preflight import check_ready
from oracle.progress import LiveProgress, PlainProgress
from oracle.spec import Spec, load_spec
from oracle.study import ORACLE, open_study, study_spec
from oracle.sweep import Sweep
from oracle.view import to_json, view_study
from scyc import InputError
from studies import Artifacts, Store

if TYPE_CHECKING:
    from studies import StudyRecord

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
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Train trials that failed once more.")]


@app.command()
def sweep(
    spec_file: Annotated[
        Path | None, typer.Argument(metavar="[SPEC.toml]", help="The spec; the embedded default without one.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the study; the spec's file name unless given.")] = None,
    db: DatabaseUrl = DEFAULT_DB,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field of the spec.")
    ] = None,
    workers: Workers = None,
    executor: Engine = "tune",
    ray_address: RayAddress = None,
    artifacts: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where a new study's weights go; beside the database unless given."),
    ] = None,
    retry_failed: RetryFailed = False,
    as_json: AsJson = False,
) -> None:
    """Search the best max_lr at every pruning level; go on where it stopped if the study exists."""
    spec = load_spec(spec_file, overrides or ())
    name = name or (spec_file.stem if spec_file else "demo")
    _check_name(name)
    engine = _executor(executor, spec, workers, ray_address)
    folder = f"{(artifacts or default_artifacts(db)).rstrip('/')}/{name}"
    check_ready(spec, Artifacts(folder), here=ray_address is None)
    with Store.open(db) as store:
        study = open_study(store, name, spec, folder)
        _go_on(store, study, spec, engine, db=db, retry_failed=retry_failed, as_json=as_json)


@app.command()
def resume(
    name: StudyName,
    db: DatabaseUrl = DEFAULT_DB,
    workers: Workers = None,
    executor: Engine = "tune",
    ray_address: RayAddress = None,
    retry_failed: RetryFailed = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a study where it stopped; its spec comes from the database."""
    with Store.open(db, create=False) as store:
        study = store.study(name)
        spec = study_spec(study)
        engine = _executor(executor, spec, workers, ray_address)
        check_ready(spec, Artifacts(study.artifacts), here=ray_address is None)
        _go_on(store, study, spec, engine, db=db, retry_failed=retry_failed, as_json=as_json)


def _go_on(
    store: Store, study: StudyRecord, spec: Spec, executor: Executor, *, db: str, retry_failed: bool, as_json: bool
) -> None:
    name, hint = study.name, db_option(db)
    console = err if as_json else out
    artifacts = Artifacts(study.artifacts)
    run = store.open_run(study.id, ORACLE)
    if retry_failed:
        store.requeue_failed(run.id)
    recorded = store.counts(run.id)["complete"]
    progress = (LiveProgress if console.is_terminal else PlainProgress)(console, spec, recorded)
    started = time.monotonic()

    def interrupted() -> None:
        say(err, f"Interrupted; {progress.done} trials are in the database. Go on with `scyc resume {name}{hint}`.")

    try:
        with progress, exit_within(GRACE, INTERRUPTED, interrupted):
            source = Sweep(store, run, spec, artifacts, progress)
            if not source.finished:
                executor.run(source, spec, artifacts)
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
    if as_json:
        print_json(to_json(view_study(store, name)))
        return
    say(out, f"Every level is decided. See `scyc show {name}{hint}`, or make the report: `scyc report {name}{hint}`.")


def _executor(kind: str, spec: Spec, workers: int | None, ray_address: str | None) -> Executor:
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


def _check_name(name: str) -> None:
    if not name or "/" in name or name != name.strip() or not name.isprintable():
        raise InputError(
            f"A study's name is a word or a few, without slashes, but it is {name!r}; choose another --name."
        )
