"""`scyc sweep` and `scyc resume`: start an oracle sweep, or go on with one."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import (
    DEFAULT_DB,
    AsJson,
    DatabaseUrl,
    Overrides,
    SpecFile,
    StudyName,
    app,
    default_artifacts,
    study_name,
)
from oracle.cli.drive import (
    Drive,
    ExecutorName,
    Mirror,
    RayAddress,
    Retries,
    RetryFailed,
    TrialTimeout,
    Workers,
    make_executor,
)
from oracle.driver.engine_choice import with_engine
from oracle.driver.lease import driving
from oracle.driver.preflight import check_ready
from oracle.spec.files import load_spec
from oracle.study.opening import open_study, study_spec
from studies import Artifacts, Store


@app.command()
def sweep(
    spec_file: SpecFile = None,
    name: Annotated[str | None, typer.Option(help="Name of the study; the spec's file name unless given.")] = None,
    db: DatabaseUrl = DEFAULT_DB,
    overrides: Overrides = None,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    artifacts: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where a new study's weights go; beside the database unless given."),
    ] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="winners|all", help="Whose weights to keep; short for --set keep=...")
    ] = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    mirror: Mirror = True,
    as_json: AsJson = False,
) -> None:
    """Search the best max_lr at every pruning level; go on where it stopped if the study exists."""
    spec = load_spec(spec_file, [*(overrides or ()), *([f"keep={keep}"] if keep else ())])
    name = study_name(name, spec_file)
    drive = Drive(
        make_executor(executor, spec, workers, ray_address, trial_timeout), db, retries, mirror, as_json, retry_failed
    )
    folder = f"{(artifacts or default_artifacts(db)).rstrip('/')}/{name}"
    check_ready(spec, Artifacts(folder), here=ray_address is None)
    with Store.open(db) as store:
        study = open_study(store, name, spec, folder, settle=with_engine)
        with driving(store, study) as fenced:
            study = open_study(fenced, name, spec, folder)  # it may have been extended before it was ours
            drive.go_on(fenced, study, study_spec(study))


@app.command()
def resume(
    name: StudyName,
    db: DatabaseUrl = DEFAULT_DB,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    mirror: Mirror = True,
    as_json: AsJson = False,
) -> None:
    """Go on with a study where it stopped; its spec comes from the database."""
    with Store.open(db, create=False) as store:
        study = store.study(name)
        spec = study_spec(study)
        drive = Drive(
            make_executor(executor, spec, workers, ray_address, trial_timeout),
            db,
            retries,
            mirror,
            as_json,
            retry_failed,
        )
        check_ready(spec, Artifacts(study.artifacts), here=ray_address is None)
        with driving(store, study) as fenced:
            study = fenced.study(name)  # it may have been extended before it was ours
            drive.go_on(fenced, study, study_spec(study))
