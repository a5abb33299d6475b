"""`scyc run`: schedules trained for real, beside the oracle's own curve on the same seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from oracle.cli.app import DEFAULT_DB, AsJson, DatabaseUrl, StudyName, app, db_option, out, print_json, say
from oracle.cli.drive import Drive, ExecutorName, RayAddress, Retries, RetryFailed, TrialTimeout, Workers, make_executor
from oracle.driver.lease import driving
from oracle.driver.preflight import check_ready
from oracle.study.opening import ORACLE, REPLAYED, study_spec
from scyc import InputError
from scyc.policies import policy_from_dict, policy_to_dict
from studies import Artifacts, Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scyc.policies import Policy
    from studies import RunRecord, StudyRecord

FRESH = 1000
"""Fresh seeds are those of the study plus a multiple of this."""


@app.command()
def run(
    name: StudyName,
    schedules: Annotated[
        list[str] | None,
        typer.Option(
            "--schedule",
            metavar="SCHEDULE",
            help="A schedule, or one with other parameters (s-cyc:delta=0.1,q=2); may be given repeatedly.",
        ),
    ] = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", help="A seed; may be given repeatedly. Fresh ones unless given.")
    ] = None,
    run_name: Annotated[
        str | None, typer.Option("--as", metavar="RUN", help="Name of the run; the schedule's unless given.")
    ] = None,
    show_all: Annotated[bool, typer.Option("--list", help="List the schedules, and train nothing.")] = False,
    db: DatabaseUrl = DEFAULT_DB,
    workers: Workers = None,
    executor: ExecutorName = "auto",
    ray_address: RayAddress = None,
    retries: Retries = 1,
    trial_timeout: TrialTimeout = None,
    retry_failed: RetryFailed = False,
    as_json: AsJson = False,
) -> None:
    """Train schedules for real, through all levels, and the oracle's curve with them on the same seeds.

    Without --schedule it trains those that differ from the oracle in max_lr alone. The seeds had no part in the
    oracle's choice unless they are given. Going on after an interruption is the same command again.
    """
    with Store.open(db, create=False) as store:
        study = store.study(name)
        spec = study_spec(study)
        policies = _policies(store, name)
        if show_all:
            _list(policies, as_json=as_json)
            return
        chosen = _chosen(policies, schedules or [], run_name)
        given = [
            *(f"--schedule {schedule}" for schedule in schedules or []),
            *(f"--seed {seed}" for seed in seeds or []),
        ]
        given += [f"--as {run_name}"] if run_name else []
        seeds = list(dict.fromkeys(seeds)) if seeds else fresh_seeds(spec.seeds)
        drive = Drive(
            make_executor(executor, spec, workers, ray_address, trial_timeout),
            db,
            retries,
            False,
            as_json,
            retry_failed,
        )
        check_ready(spec, Artifacts(study.artifacts), here=ray_address is None)
        with driving(store, study) as fenced:
            runs = [_open(fenced, study, run, policy) for run, policy in chosen.items()]
            again = f"{' '.join(['scyc run', name, *given])}{db_option(db)}"
            drive.walk(fenced, study, spec, runs, seeds, again)
    if as_json:
        print_json({"study": name, "runs": list(chosen), "seeds": seeds})
    else:
        say(out, f"Every run is through. See how they compare: `scyc compare {name}{db_option(db)} --out comparison`.")


def fresh_seeds(used: Sequence[int]) -> list[int]:
    """Return as many seeds as there are in `used`, none of them among those."""
    beyond = FRESH * (max(used) // FRESH + 1)
    return [seed + beyond for seed in used]


def _policies(store: Store, name: str) -> dict[str, Policy]:
    """Return what can be trained, by schedule.

    Raises:
        InputError: the oracle is not finished.
    """
    from oracle.comparison import study_contenders

    return study_contenders(store, name)


def _chosen(policies: Mapping[str, Policy], wanted: Sequence[str], run_name: str | None) -> dict[str, Policy]:
    """Return the policies to train by the name of their run, the oracle's curve first."""
    from oracle.comparison import USUAL, pick

    if run_name is not None and len(wanted) != 1:
        raise InputError("--as names the run of one schedule; give exactly one --schedule with it.")
    if run_name in (ORACLE, REPLAYED):
        raise InputError(f"A run named {run_name!r} is the oracle's own; choose another name for --as.")
    names = [ORACLE, *(wanted or [name for name in USUAL if name in policies])]
    by_run = {name: pick(policies, name) for name in names}
    if run_name is not None:
        by_run[run_name] = by_run.pop(wanted[0]) if wanted[0] != ORACLE else by_run[ORACLE]
    return {REPLAYED if name == ORACLE else name: policy for name, policy in by_run.items()}


def _open(store: Store, study: StudyRecord, name: str, policy: Policy) -> RunRecord:
    """Return the run, made if it is not there yet.

    Raises:
        InputError: it is there with another policy.
    """
    values = policy_to_dict(policy)
    run = store.open_run(study.id, name, values)
    if run.policy != values:
        there = policy_from_dict(run.policy).schedule if run.policy else "nothing of the kind"
        raise InputError(
            f"The run {name!r} was made with {there}, but now that is {policy.schedule}: the oracle has changed since. "
            f"Give the new one a name of its own with --as, or delete the former: "
            f"`scyc studies delete {study.name} --run {name}`."
        )
    return run


def _list(policies: Mapping[str, Policy], *, as_json: bool) -> None:
    from oracle.comparison import USUAL

    if as_json:
        print_json({name: policy_to_dict(policy) for name, policy in policies.items()})
        return
    table = Table("schedule", "max_lr", "profile", "rewind", "unless told otherwise", box=None)
    for name, policy in policies.items():
        table.add_row(
            name,
            str(policy.schedule),
            str(policy.profile) if policy.profile else "the study's",
            policy.rewind or "the study's",
            "trained" if name in USUAL else "",
        )
    out.print(table)
