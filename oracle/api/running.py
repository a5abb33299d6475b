"""Training schedules, and the oracle's own curve on the same seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.api.driving import ready_executor, train_runs, training
from oracle.comparison import USUAL, pick, study_contenders
from oracle.study.commands import command
from oracle.study.opening import ORACLE, REPLAYED, study_spec
from scyc import InputError, policy_from_dict, policy_to_dict
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.api.displays import Display
    from oracle.execution import ExecutionOptions
    from scyc import Policy
    from studies import RunRecord, StudyRecord

FRESH = 1000
"""Fresh seeds are those of the study plus a multiple of this."""


@dataclass(frozen=True)
class Trained:
    """What was trained: the names of the runs, the oracle's curve first, and the seeds of each."""

    runs: tuple[str, ...]
    seeds: tuple[int, ...]


def run_schedules(
    name: str,
    db: str,
    options: ExecutionOptions,
    display: Display,
    *,
    schedules: Sequence[str] = (),
    seeds: Sequence[int] = (),
    run_name: str | None = None,
) -> Trained:
    """Train schedules through all levels, and the oracle's curve beside them. Recorded trials are not repeated.

    Args:
        name: name of the study.
        db: URL of its database.
        options: how trials are trained.
        display: shows how far the runs are.
        schedules: by name, also with other parameters: `s-cyc:delta=0.1,q=2`. Default: all that differ from the
            oracle only in `max_lr`.
        seeds: seeds to train on. Default: fresh ones, on which the oracle did not choose its winners.
        run_name: name of the run, if there is one schedule. Default: the schedule's name.

    Raises:
        InputError: there is no such schedule, the oracle is not finished, or an option is not valid.
        StudyError: there is no such study, its database cannot be used, or it stopped before its end.
    """
    with Store.open(db, create=False) as store:
        study = store.study(name)
        chosen = _chosen(study_contenders(store, name), schedules, run_name)
        executor, ready = ready_executor(options, study_spec(study), study.artifacts, chosen.values())
        with training(store, name, options, display, ready) as held:
            policies = _chosen(study_contenders(held.store, name), schedules, run_name)
            runs = [_open(held.store, held.study, run, policy) for run, policy in policies.items()]
            wanted = list(dict.fromkeys(seeds)) or fresh_seeds(held.spec.seeds)
            train_runs(held, runs, wanted, executor, options, display)
    return Trained(tuple(policies), tuple(wanted))


def fresh_seeds(used: Sequence[int]) -> list[int]:
    """Return as many new seeds as there are in `used`."""
    beyond = FRESH * (max(used) // FRESH + 1)
    return [seed + beyond for seed in used]


def _chosen(policies: Mapping[str, Policy], wanted: Sequence[str], run_name: str | None) -> dict[str, Policy]:
    """Return the policies to train by the name of their run, the oracle's curve first."""
    if run_name is not None and len(wanted) != 1:
        raise InputError("A run's name goes with one schedule; give exactly one schedule, or leave out the name.")
    if run_name in (ORACLE, REPLAYED):
        raise InputError(f"The name {run_name!r} is reserved for the oracle's own run; choose another name.")
    names = [ORACLE, *(wanted or [name for name in USUAL if name in policies])]
    by_run = {name: pick(policies, name) for name in names}
    if run_name is not None:
        by_run[run_name] = by_run.pop(wanted[0]) if wanted[0] != ORACLE else by_run[ORACLE]
    return {REPLAYED if name == ORACLE else name: policy for name, policy in by_run.items()}


def _open(store: Store, study: StudyRecord, name: str, policy: Policy) -> RunRecord:
    """Return the run; create it if it does not exist.

    Raises:
        InputError: it exists with another policy.
    """
    values = policy_to_dict(policy)
    run = store.open_run(study.id, name, values)
    if run.policy != values:
        there = policy_from_dict(run.policy).schedule if run.policy else "no schedule"
        raise InputError(
            f"The run {name!r} was made with {there}, but now it would be {policy.schedule}: the oracle has changed "
            "since, or another schedule is asked for. Give the new run another name, or delete the old one: "
            f"`{command('studies', 'delete', study.name, '--run', name, db=store.url)}`."
        )
    return run
