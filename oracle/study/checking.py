"""Whether a study's tables fit together: an export before it is imported, or a study that cannot be shown."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from oracle.spec.errors import faults
from oracle.spec.files import parse_spec
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study import lineage
from oracle.study.opening import ORACLE
from oracle.study.rows import ROWS
from oracle.study.trial_values import broken_by_values
from scyc import InputError
from scyc.policies import policy_from_dict
from studies import LevelRecord, MachineRecord, StudyError, TrialRecord, TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oracle.spec.model import Spec
    from studies import Store, Tables

_OF_TRIALS = (
    ("epochs", "step"),
    ("checkpoints", "kind"),
    ("gradients", "point"),
    ("answers", "split"),
    ("trial_machines", "trial_id"),
)
_OF_STOPPED = ("epochs", "trial_machines")
_RESULT = ("diverged", "density", "seconds", "checkpoint")


def check_export(tables: Tables) -> None:
    """Check that tables are those of one study, and that what they say is possible.

    Raises:
        InputError: they are not; the message states the rule that is broken, and where.
    """
    rule = broken_rule(tables)
    if rule is not None:
        raise InputError(f"The export breaks a rule: {rule}. Nothing was written; export the study again.")


@contextmanager
def explained(store: Store, name: str) -> Iterator[None]:
    """Say which rule a study breaks, if the block fails because it does: somebody may have edited its rows.

    Raises:
        InputError: its tables do not fit together.
    """
    try:
        yield
    except (InputError, StudyError):
        raise
    except Exception as error:
        rule = broken_rule(store.dump_study(name))
        if rule is None:
            raise
        raise InputError(
            f"The study {name!r} cannot be used, because its rows contradict each other: {rule}. Restore the database "
            "from a backup, or delete the study."
        ) from error


def finite(*numbers: float | None) -> None:
    """Raise ValueError or TypeError if one of some numbers is no finite number; a row that was edited may have any."""
    for number in numbers:
        if number is not None and not math.isfinite(number):
            raise ValueError(f"{number} is not finite")


def broken_rule(tables: Tables) -> str | None:
    """Return the first rule that the tables of a study break, as a phrase; None if they break none."""
    try:
        _check(tables)
    except _BrokenError as error:
        return str(error)
    return None


class _BrokenError(Exception):
    """A rule that is broken."""


def _check(tables: Tables) -> None:
    for name, kind in ROWS.items():
        rows = tables.get(name)
        if not isinstance(rows, list):
            raise _BrokenError(f"{name} should be a table, a list of rows")
        for number, row in enumerate(rows):
            try:
                kind.model_validate(row)
            except ValidationError as error:
                raise _BrokenError(f"row {number} of {name}: {faults(error)}") from None
        _distinct(f"id in {name}", (row["id"] for row in rows if "id" in row))
    if len(tables["studies"]) != 1:
        raise _BrokenError(f"an export holds one study, and this one has {len(tables['studies'])}")
    [study] = tables["studies"]
    runs, trials = {run["id"]: run for run in tables["runs"]}, {trial["id"]: trial for trial in tables["trials"]}
    for name in ROWS:
        for row in tables[name]:
            for column, there, table in (
                ("study_id", {study["id"]}, "studies"),
                ("run_id", runs, "runs"),
                ("trial_id", trials, "trials"),
            ):
                if column in row and row[column] not in there:
                    raise _BrokenError(f"{name} refer to row {row[column]} of {table}, which is missing")
    spec = _spec(study)
    for former in tables["spec_history"]:
        _spec(former)
    _check_runs(tables, spec)
    _check_trials(tables, trials, runs, spec)
    _check_levels(tables, runs, spec)


def _spec(row: Mapping[str, Any]) -> Spec:
    try:
        spec = parse_spec({"engine": "eager"} | row["spec"], "in the export")
        hash_ = spec.hash
    except InputError as error:
        raise _BrokenError(str(error).rstrip(".")) from None
    if hash_ != row["spec_hash"]:
        raise _BrokenError("the hash of a spec (spec_hash) is that of another spec")
    return spec


def _check_runs(tables: Tables, spec: Spec) -> None:
    _distinct("name in runs", (run["name"] for run in tables["runs"]))
    for run in tables["runs"]:
        if run["name"] == ORACLE:
            if run["policy"] is not None:
                raise _BrokenError("the oracle's run has a policy, which only runs of schedules have")
            continue
        try:
            policy = policy_from_dict(run["policy"] or {})
            if policy.needs is None:
                for level in range(spec.levels):
                    policy.max_lr(level, [])
        except Exception as error:  # whatever a policy made of junk raises
            raise _BrokenError(f"the policy of run {run['name']!r} cannot be read ({error})") from None


def _check_trials(
    tables: Tables, trials: Mapping[int, dict[str, Any]], runs: Mapping[int, dict[str, Any]], spec: Spec
) -> None:
    keys = ("run_id", "level", "seed", "max_lr", "parent", "spec_hash")
    left = {(trial["run_id"], trial["seed"], trial["level"], trial["checkpoint"]) for trial in trials.values()}
    _distinct(f"{', '.join(keys)} in trials", (tuple(trial[key] for key in keys) for trial in trials.values()))
    for number, trial in trials.items():
        _check_state(number, trial)
        _check_place(f"trial {number}", trial, spec)
        if runs[trial["run_id"]]["name"] != ORACLE and trial["parent"] and _came_from(trial) not in left:
            raise _BrokenError(f"trial {number} has a parent that no trial of its run and seed left one level before")
        if runs[trial["run_id"]]["name"] == ORACLE and trial["seed"] not in spec.seeds:
            raise _BrokenError(f"trial {number} has the seed {trial['seed']}, which is not in the spec")
    for row in tables["measurements"]:
        _check_place("a measurement", row, spec)
    _check_machines(tables)
    for table, key in _OF_TRIALS:
        _distinct(f"trial_id, {key} in {table}", ((row["trial_id"], row[key]) for row in tables[table]))
        for row in tables[table]:
            state = trials[row["trial_id"]]["state"]
            if state != "complete" and not (state == "stopped" and table in _OF_STOPPED):
                raise _BrokenError(f"trial {row['trial_id']} is not complete, so it can have no {table}")
    for rule in broken_by_values(tables, trials, spec.metric, own=spec.own_training):
        raise _BrokenError(rule)
    for row in tables["checkpoints"]:
        column = "checkpoint" if row["kind"] == "trained" else "rewind_point"
        if trials[row["trial_id"]][column] != row["hash"]:
            raise _BrokenError(
                f"the {row['kind']} checkpoint of trial {row['trial_id']} has another hash than the trial"
            )
    measured = ((row["run_id"], row["level"], row["seed"], row["parent"]) for row in tables["measurements"])
    _distinct("run_id, level, seed, parent in measurements", measured)


def _check_state(number: int, trial: Mapping[str, Any]) -> None:
    """Check that a trial has what its state says, and nothing else."""
    state = trial["state"]
    complete, stopped = state == "complete", state == "stopped"
    for column in _RESULT:
        there = complete or (stopped and column == "seconds")
        if (trial[column] is not None) != there:
            raise _BrokenError(f"trial {number} is {state}, so {column} must{' not' * there} be empty")
    if (trial["finished_at"] is None) != (state == "pending"):
        raise _BrokenError(f"trial {number} is {state}, which its finished_at contradicts")
    if ((complete or stopped) and trial["error"] is not None) or (state == "failed" and trial["error"] is None):
        raise _BrokenError(f"trial {number} is {state}, which its error contradicts")
    if (trial["stop_epoch"] is None) != (trial["stop_below"] is None):
        raise _BrokenError(f"trial {number} has half a stop rule: stop_epoch and stop_below belong together")
    if stopped and trial["stop_epoch"] is None:
        raise _BrokenError(f"trial {number} is stopped, but it has no stop rule")


def _check_machines(tables: Tables) -> None:
    for row in tables["machines"]:
        facts = {name: value for name, value in row.items() if name != "hash"}
        if MachineRecord(**facts).hash != row["hash"]:
            raise _BrokenError("the hash of a machine is that of another one")
    hashes = [row["hash"] for row in tables["machines"]]
    _distinct("hash in machines", hashes)
    if not {row["machine"] for row in tables["trial_machines"]} <= set(hashes):
        raise _BrokenError("trial_machines refer to a row of machines, which is missing")


def _came_from(trial: Mapping[str, Any]) -> tuple[int, int, int, str]:
    return trial["run_id"], trial["seed"], trial["level"] - 1, trial["parent"]


def _check_place(what: str, row: Mapping[str, Any], spec: Spec) -> None:
    if row["level"] >= spec.levels:
        raise _BrokenError(f"{what} is at level {row['level']}, and the spec has {spec.levels} levels")
    if (row["level"] == 0) != (row["parent"] == ""):
        raise _BrokenError(f"{what} has a parent at level 0, or none at a later level")


def _check_levels(tables: Tables, runs: Mapping[int, dict[str, Any]], spec: Spec) -> None:
    for row in tables["levels"] + tables["level_history"]:
        if runs[row["run_id"]]["name"] != ORACLE:
            raise _BrokenError("a level is decided in a run of a schedule, which decides none")
    decided = [
        LevelRecord(**row | {"decided_at": datetime.fromisoformat(row["decided_at"])})
        for row in sorted(tables["levels"], key=lambda row: row["level"])
    ]
    if [level.level for level in decided] != list(range(len(decided))):
        raise _BrokenError("the decided levels should be 0, 1, 2, ... without a gap")
    if len(decided) > spec.levels:
        raise _BrokenError(f"{len(decided)} levels are decided, and the spec has {spec.levels}")
    by_level: dict[int, list[TrialRecord]] = {}
    for trial in tables["trials"]:
        if runs[trial["run_id"]]["name"] == ORACLE:
            by_level.setdefault(trial["level"], []).append(_record(trial))
    for step in lineage.walk(decided, spec, lambda level: by_level.get(level.level, [])):
        seeds: dict[float, set[int]] = {step.level.winner: set()}  # that completed a candidate
        for counted in step.trials:
            seeds.setdefault(counted.max_lr, set()).update([counted.seed] if counted.result else [])
        spared = {counted.max_lr for counted in step.trials if counted.state == "stopped"}
        if SEARCH_METHODS[spec.search.method].looks_back:  # it may spare all but the winner some seeds
            spared = set(seeds)
        for max_lr, completed in seeds.items():
            if completed != set(spec.seeds) and max_lr not in spared - {step.level.winner}:
                what = "winner" if max_lr == step.level.winner else "candidate"
                raise _BrokenError(
                    f"level {step.level.level} is decided, but its {what} {max_lr:g} was not trained to its end with "
                    "every seed of the spec"
                )
        winning = [trial for trial in step.trials if trial.max_lr == step.level.winner]
        if not any(trial.result and trial.result.density == step.level.density for trial in winning):
            raise _BrokenError(f"the density {step.level.density:g} of level {step.level.level} is not its winner's")


def _record(row: Mapping[str, Any]) -> TrialRecord:
    """Return a trial as `lineage` takes it."""
    names = [*_RESULT, "val", "test", "spent", "val_loss", "test_loss", "train_loss", "rewind_point"]
    result = TrialResult(**{name: row[name] for name in names}, epochs=()) if row["state"] == "complete" else None
    kept = ("id", "run_id", "level", "seed", "max_lr", "round", "state", "error", "attempts", "spec_hash")
    values: dict[str, Any] = {name: row[name] for name in kept}
    for name in ("created_at", "finished_at"):
        values[name] = row[name] and datetime.fromisoformat(row[name])
    return TrialRecord(**values, parent=row["parent"] or None, result=result)


def _distinct(what: str, values: Iterable[Any]) -> None:
    twice = [value for value, number in Counter(values).items() if number > 1]
    if twice:
        raise _BrokenError(f"{what} should be distinct, but {twice[0]!r} is there twice")
