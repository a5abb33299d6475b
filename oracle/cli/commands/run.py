"""`scyc run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.app import SCHEDULES, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.ending import training
from oracle.cli.options import AcceptChanges, ExecutorName, RayAddress, Retries, RetryFailed, TrialTimeout, Workers
from oracle.cli.speaking import out, print_json, say
from oracle.study.commands import command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc import Policy


@app.command(rich_help_panel=SCHEDULES)
def run(
    name: StudyName,
    schedules: Annotated[
        list[str] | None,
        typer.Option(
            "--schedule",
            metavar="SCHEDULE",
            help="A schedule by name, also with other parameters: s-cyc:delta=0.1,q=2. Repeatable. Default: all that "
            "differ from the oracle only in max_lr.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        list[int] | None,
        typer.Option("--seed", help="A seed to train on. Repeatable. Default: fresh seeds.", show_default=False),
    ] = None,
    run_name: Annotated[
        str | None,
        typer.Option("--as", metavar="RUN", help="Name of the run. Default: the schedule's name.", show_default=False),
    ] = None,
    show_all: Annotated[bool, typer.Option("--list", help="List the schedules, and train nothing.")] = False,
    db: DatabaseUrl = None,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    accept_changes: AcceptChanges = False,
    as_json: AsJson = False,
) -> None:
    """Train schedules through all levels, and the oracle's curve on the same seeds.

    Fresh seeds are seeds that the oracle did not choose its winners on. After an interruption, the same command resumes
    the runs.
    """
    from oracle.api.defaults import database_url
    from oracle.api.running import run_schedules
    from oracle.api.study import Study
    from oracle.execution import ExecutionOptions

    db = database_url(db)
    if show_all:
        _list(Study(name, db).contenders(), as_json=as_json)
        return
    given = [word for schedule in schedules or [] for word in ("--schedule", schedule)]
    given += [word for seed in seeds or [] for word in ("--seed", str(seed))]
    given += ["--as", run_name] if run_name else []
    options = ExecutionOptions(
        executor, workers, ray_address, trial_timeout, retries, retry_failed, accept_changes=accept_changes
    )
    with training(command("run", name, *given, db=db), as_json=as_json) as display:
        trained = run_schedules(
            name, db, options, display, schedules=schedules or (), seeds=seeds or (), run_name=run_name
        )
    if as_json:
        print_json({"study": name, "runs": trained.runs, "seeds": trained.seeds})
    else:
        compare = command("compare", name, "--out", "comparison", db=db)
        say(out, f"Every run is complete. See how they compare: `{compare}`.")


def _list(policies: Mapping[str, Policy], *, as_json: bool) -> None:
    from rich.table import Table

    from oracle.comparison import USUAL
    from scyc import policy_to_dict

    if as_json:
        print_json({name: policy_to_dict(policy) for name, policy in policies.items()})
        return
    table = Table("schedule", "max_lr", "profile", "rewind", "by default", box=None)
    for name, policy in policies.items():
        table.add_row(
            name,
            str(policy.schedule),
            str(policy.profile) if policy.profile else "the study's",
            policy.rewind or "the study's",
            "trained" if name in USUAL else "",
        )
    out.print(table)
