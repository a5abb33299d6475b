"""A study as pandas tables: one row per level, trial, epoch or gradient record."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from oracle.study.opening import study_spec
from scyc.answers import unpacked
from studies import EpochRecord, GradientRecord, TrialRecord, TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.comparison import Comparison
    from oracle.results.best import LevelBest
    from oracle.results.study_view import StudyView
    from studies import SplitName, StoppedTraining, Store, StudyRecord

_RECORD = [field.name for field in fields(TrialRecord) if field.name not in ("run_id", "result", "stopped")]
_RESULT = [field.name for field in fields(TrialResult) if field.name not in ("epochs", "gradients", "answers")]
_EPOCH = [field.name for field in fields(EpochRecord)]
_GRADIENT = [field.name for field in fields(GradientRecord)]
_KEY = ["run", "id", "level", "seed", "max_lr"]
_NO_ANSWERS = pd.DataFrame(index=pd.MultiIndex.from_tuples([], names=_KEY))


def curve(view: StudyView) -> pd.DataFrame:
    """Return the oracle curve, a row per level.

    Columns: `level`, `density` (of the prunable weights), `network_density` (of all parameters; missing if an
    earlier version made the study), `winner` (the candidate with the best mean; NaN until the level is decided, and
    where it is silent), `best`, `best_low` and `best_high` (the best `max_lr` by the surface, and its 90 % band for
    this level by itself), `word` (how well it is known: "resolved", "tied" or "open"), `RULE_low` and `RULE_high` for
    each interval rule (NaN where it cannot judge), `val` and `test` (the winner's means, in the metric's
    own units), `edge`, `silence` (why a decided level says nothing about `max_lr`; else missing), `chosen` (the
    candidate that the next level starts from).
    """
    return pd.DataFrame(
        {
            "level": level.level,
            "density": level.density,
            "network_density": view.status.densities(level.density).get("network_density"),
            "winner": level.winner,
            **_best(view.best.levels.get(level.level)),
            **{
                f"{rule}_{end}": getattr(interval, end) if interval else None
                for rule, interval in level.intervals.items()
                for end in ("low", "high")
            },
            "val": level.winning.val if level.winning else None,
            "test": level.winning.test if level.winning else None,
            "edge": level.edge,
            "silence": level.silence,
            "chosen": level.chosen,
        }
        for level in view.levels
    )


def _best(best: LevelBest | None) -> dict[str, Any]:
    columns = {"best": "best", "best_low": "low", "best_high": "high", "word": "word"}
    return {column: getattr(best, name) if best else None for column, name in columns.items()}


def verdicts(comparison: Comparison) -> pd.DataFrame:
    """Return what a comparison says of each schedule, a row per schedule.

    Columns: `schedule`; `hits` of `judged` levels inside the interval; `surface_regret`, the mean on the oracle's
    surface, cross-fitted, and `raw_surface_regret`, the same on the values that chose the winners, which is too
    large; `regret`, `regret_low` and `regret_high`, what it lost when it was trained, with a 95 % interval; `p` of
    that, taken alone, and `p_together`, of all schedules judged together; `epochs` per seed of that training. Regrets
    are in the metric's own units; what is not known is missing.

    By the model of the surface: `expected_hits`, the levels at which the schedule loses no more than the tolerance;
    `model_regret` with its 90 % band, `model_regret_low` and `model_regret_high`; `within_on_average` and
    `within_everywhere`, the probabilities that it loses no more than the tolerance on average over the levels, and at
    all of them together.
    """
    rows = []
    for name in dict.fromkeys([*comparison.runs, *comparison.verdicts]):
        verdict, run = comparison.verdicts.get(name), comparison.runs.get(name)
        regret, model = run.regret if run else None, verdict.model if verdict else None
        rows.append(
            {
                "schedule": name,
                "hits": verdict.hits if verdict else None,
                "judged": verdict.judged if verdict else None,
                "surface_regret": verdict.mean_regret if verdict else None,
                "raw_surface_regret": verdict.mean_raw_regret if verdict else None,
                "expected_hits": model.hits if model else None,
                "model_regret": model.regret.mean if model else None,
                "model_regret_low": model.regret.low if model else None,
                "model_regret_high": model.regret.high if model else None,
                "within_on_average": model.on_average if model else None,
                "within_everywhere": model.everywhere if model else None,
                "regret": regret.mean if regret else None,
                "regret_low": regret.low if regret else None,
                "regret_high": regret.high if regret else None,
                "p": regret.p if regret else None,
                "p_together": regret.p_together if regret else None,
                "epochs": run.epochs if run else None,
            }
        )
    return pd.DataFrame(rows)


def trials(store: Store, study: StudyRecord) -> pd.DataFrame:
    """Return a row per trial of every run, including trials that an extension turned into history.

    Columns: `run`, those of `studies.TrialRecord`, those of `studies.TrialResult`, which are empty until `state` is
    "complete", and `machine`, the hash of the machine that trained it; empty if that is not on record. A trial that was
    stopped early has no result but its `seconds`.
    """
    worst = study_spec(study).metric.worst
    machines = {key: machine for run in store.runs(study.id) for key, machine in store.trial_machines(run.id).items()}
    return pd.DataFrame(
        (
            {
                "run": run,
                **{name: getattr(trial, name) for name in _RECORD},
                **{name: getattr(_ended(trial, worst), name, None) for name in _RESULT},
                "machine": machines.get(trial.id),
            }
            for run, trial in _trials(store, study)
        ),
        columns=["run", *_RECORD, *_RESULT, "machine"],
    )


def epochs(store: Store, study: StudyRecord) -> pd.DataFrame:
    """Return a row per epoch of every trial that is complete or was stopped early.

    Columns: `run`, `id`, `level`, `seed`, `max_lr`, and those of `EpochRecord`.
    """
    worst = study_spec(study).metric.worst
    return pd.DataFrame(
        (
            _key(run, trial) | {name: getattr(epoch, name) for name in _EPOCH}
            for run, trial in _trials(store, study, curves=True)
            if (ended := _ended(trial, worst)) is not None
            for epoch in ended.epochs
        ),
        columns=[*_KEY, *_EPOCH],
    )


def _ended(trial: TrialRecord, worst: float | None) -> TrialResult | StoppedTraining | None:
    """Return what there is of a trial that has ended, as it counts."""
    return trial.stopped if trial.result is None else trial.result.counted(worst)


def gradients(store: Store, study: StudyRecord) -> pd.DataFrame:
    """Return a row for each time a trial recorded its gradients: the trial's key, and `GradientRecord`'s fields."""
    recorded = {key: found for run in store.runs(study.id) for key, found in store.gradients(run.id).items()}
    return pd.DataFrame(
        (
            _key(run, trial) | {name: getattr(gradient, name) for name in _GRADIENT}
            for run, trial in _trials(store, study)
            for gradient in recorded.get(trial.id, ())
        ),
        columns=[*_KEY, *_GRADIENT],
    )


def answers(store: Store, study: StudyRecord, split: SplitName) -> pd.DataFrame:
    """Return a row per trial and a column per example of a split: whether the trial's network classifies it correctly.

    The index is the trial's key: `run`, `id`, `level`, `seed`, `max_lr`. Columns are numbered in the order of the
    split. Trials whose answers were not recorded are left out.
    """
    recorded = {key: found for run in store.runs(study.id) for key, found in store.answers(run.id, split).items()}
    keys = {trial.id: tuple(_key(run, trial).values()) for run, trial in _trials(store, study) if trial.id in recorded}
    frames = [_NO_ANSWERS]
    for examples in {recorded[trial].examples for trial in keys}:  # one number, unless the data have changed
        same = [trial for trial in keys if recorded[trial].examples == examples]
        index = pd.MultiIndex.from_tuples([keys[trial] for trial in same], names=_KEY)
        frames.append(pd.DataFrame(unpacked([recorded[trial].bits for trial in same], examples), index))
    return frames[-1] if len(frames) < 3 else pd.concat(frames[1:])


def _trials(store: Store, study: StudyRecord, *, curves: bool = False) -> Iterator[tuple[str, TrialRecord]]:
    for run in store.runs(study.id):
        for trial in store.trials(run.id, curves=curves):
            yield run.name, trial


def _key(run: str, trial: TrialRecord) -> dict[str, Any]:
    return {"run": run} | {name: getattr(trial, name) for name in _KEY[1:]}
