"""`scyc resume`."""

from __future__ import annotations

from oracle.cli.app import SEARCH, AsJson, DatabaseUrl, StudyName, app
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
def resume(
    name: StudyName,
    db: DatabaseUrl = None,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    mirror: Mirror = True,
    accept_changes: AcceptChanges = False,
    as_json: AsJson = False,
) -> None:
    """Resume a study where it stopped. Its spec comes from the database."""
    from oracle.api.defaults import database_url
    from oracle.api.sweeping import resume as resume_sweep
    from oracle.execution import ExecutionOptions

    db = database_url(db)
    options = ExecutionOptions(
        executor, workers, ray_address, trial_timeout, retries, retry_failed, mirror, accept_changes
    )
    with training(command("resume", name, db=db), as_json=as_json) as display:
        resume_sweep(name, db, options, display)
    end_of_sweep(name, db, as_json=as_json)
