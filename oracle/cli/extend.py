"""`scyc extend`: more seeds, levels or candidates for a study that is there."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from oracle.cli.app import DEFAULT_DB, AsJson, DatabaseUrl, StudyName, app, err, say
from oracle.cli.drive import Drive, ExecutorName, Mirror, RayAddress, Retries, TrialTimeout, Workers, make_executor
from oracle.driver.lease import driving
from oracle.driver.preflight import check_ready
from oracle.study.extending import extend_study, extended
from oracle.study.opening import study_spec
from studies import Artifacts, Store


@app.command()
def extend(
    name: StudyName,
    levels: Annotated[int | None, typer.Option(help="Number of levels from now on, more than there are.")] = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="A seed to add; may be given repeatedly.")] = None,
    candidates: Annotated[
        list[float] | None,
        typer.Option("--candidate", metavar="MAX_LR", help="A candidate to add to a grid; may be given repeatedly."),
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="Candidates per level from now on, of a study whose sampler proposes them.")
    ] = None,
    db: DatabaseUrl = DEFAULT_DB,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    mirror: Mirror = True,
    as_json: AsJson = False,
) -> None:
    """Add seeds, levels or candidates to a study, and train the new cells alone.

    Every level is decided anew. Where that changes a winner, later levels are trained again from the new one; what grew
    from the former winner stays in the database as history.
    """
    with Store.open(db, create=False) as store:
        add = partial(extended, levels=levels, seeds=seeds or (), candidates=candidates or (), count=count)
        study = store.study(name)
        spec = add(study_spec(study))
        drive = Drive(make_executor(executor, spec, workers, ray_address, trial_timeout), db, retries, mirror, as_json)
        check_ready(spec, Artifacts(study.artifacts), here=ray_address is None)
        with driving(store, study) as fenced:
            study = fenced.study(name)  # it may have been extended before it was ours
            former = study_spec(study)
            spec = add(former)
            study, reopened = extend_study(fenced, study, former, spec)
            if reopened:
                say(err, f"{reopened} levels are decided anew, with what is added to them.")
            drive.go_on(fenced, study, spec)
