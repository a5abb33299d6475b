"""`scyc sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import SEARCH, AsJson, DatabaseUrl, NewName, Overrides, SpecFile, app
from oracle.cli.ending import end_of_sweep, training
from oracle.cli.options import (
    AcceptChanges,
    ExecutorName,
    Mirror,
    RayAddress,
    Retries,
    RetryFailed,
    TrialTimeout,
    Workers,
)
from oracle.study.commands import command


@app.command(rich_help_panel=SEARCH)
def sweep(
    spec_file: SpecFile = None,
    name: NewName = None,
    db: DatabaseUrl = None,
    overrides: Overrides = None,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    artifacts: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Folder or URL for the weights of a new study. Default: beside the database.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="winners|all", help="Whose weights to keep. Short for --set keep=...", show_default=False),
    ] = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    mirror: Mirror = True,
    accept_changes: AcceptChanges = False,
    as_json: AsJson = False,
) -> None:
    """Find the best max_lr at every pruning level. If the study exists, resume it."""
    from oracle.api.defaults import database_url, default_artifacts, study_name
    from oracle.api.sweeping import sweep as run_sweep
    from oracle.execution import ExecutionOptions
    from oracle.spec.files import load_spec

    spec = load_spec(spec_file, [*(overrides or ()), *([f"keep={keep}"] if keep else ())])
    name, db = study_name(name, spec_file), database_url(db)
    options = ExecutionOptions(
        executor, workers, ray_address, trial_timeout, retries, retry_failed, mirror, accept_changes
    )
    with training(command("resume", name, db=db), as_json=as_json) as display:
        run_sweep(spec, name, db, artifacts or default_artifacts(db), options, display)
    end_of_sweep(name, db, as_json=as_json)
