"""`scyc extend`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import SEARCH, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.ending import end_of_sweep, training
from oracle.cli.options import AcceptChanges, ExecutorName, Mirror, RayAddress, Retries, TrialTimeout, Workers
from oracle.study.commands import command


@app.command(rich_help_panel=SEARCH)
def extend(
    name: StudyName,
    levels: Annotated[
        int | None, typer.Option(help="New number of levels, larger than the study's.", show_default=False)
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", help="A seed to add. Repeatable.", show_default=False)
    ] = None,
    candidates: Annotated[
        list[float] | None,
        typer.Option(
            "--candidate",
            metavar="MAX_LR",
            help="A candidate to add, for a study that searches a grid. Repeatable.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            help="New number of candidates per level, for a study whose sampler proposes them.", show_default=False
        ),
    ] = None,
    db: DatabaseUrl = None,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    mirror: Mirror = True,
    accept_changes: AcceptChanges = False,
    as_json: AsJson = False,
) -> None:
    """Add seeds, levels or candidates to a study, and train only the new cells.

    Every level is then decided again. If a level gets a new winner, later levels are trained again from that winner.
    Trials that started from the former winner stay in the database as history.
    """
    from oracle.api.defaults import database_url
    from oracle.api.sweeping import extend as extend_sweep
    from oracle.execution import ExecutionOptions

    db = database_url(db)
    options = ExecutionOptions(
        executor, workers, ray_address, trial_timeout, retries, mirror=mirror, accept_changes=accept_changes
    )
    with training(command("resume", name, db=db), as_json=as_json) as display:
        extend_sweep(
            name,
            db,
            options,
            display,
            levels=levels,
            seeds=seeds or (),
            candidates=candidates or (),
            count=count,
        )
    end_of_sweep(name, db, as_json=as_json)
