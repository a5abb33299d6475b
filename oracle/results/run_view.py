"""Runs of schedules as readers see them: for every seed, the trials of its path through the levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.study.opening import ORACLE, REPLAYED
from scyc.gradients import POINTS
from scyc.policies import policy_from_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.results.study_view import StudyView
    from scyc.policies import Policy
    from studies import RunRecord, Store, StudyRecord, TrialRecord


@dataclass(frozen=True)
class RunView:
    """A run of one schedule.

    Attributes:
        paths: by seed, ascending, the complete trials from level 0 on, at least one; each starts from the one before.
        epochs: epochs trained on all seeds together, including what the schedule trains to measure.
    """

    name: str
    policy: Policy
    paths: Mapping[int, tuple[TrialRecord, ...]]
    epochs: float


def view_runs(store: Store, study: StudyRecord) -> dict[str, RunView]:
    """Return, by schedule, the study's runs that have finished a trial; that of the oracle's curve is "oracle"."""
    views = [_view(store, run) for run in store.runs(study.id) if run.name != ORACLE]
    return {ORACLE if view.name == REPLAYED else view.name: view for view in views if view.paths}


def _view(store: Store, run: RunRecord) -> RunView:
    trials = {(trial.seed, trial.parent): trial for trial in store.trials(run.id) if trial.result is not None}
    paths: dict[int, tuple[TrialRecord, ...]] = {}
    for seed in sorted({seed for seed, _ in trials}):
        path: list[TrialRecord] = []
        parent: str | None = None
        while (trial := trials.get((seed, parent))) is not None and trial.result is not None:
            path.append(trial)
            parent = trial.result.checkpoint
        if path:
            paths[seed] = tuple(path)
    measuring = math.fsum(found.epochs for found in store.measurements(run.id))
    return RunView(run.name, policy_from_dict(run.policy or {}), paths, store.epochs_trained(run.id) + measuring)


def view_stds(store: Store, study: StudyRecord, view: StudyView) -> dict[str, list[list[float]]]:
    """Return the standard deviation of the winners' weight gradients, by point of the training, level and seed.

    Levels without a winner are left out. So is a point that not every winner recorded.
    """
    winners = [
        [trial.id for trial in sorted(level.trials, key=lambda trial: trial.seed) if trial.max_lr == level.winner]
        for level in view.levels
        if level.winner is not None
    ]
    run = store.find_run(study.id, ORACLE)
    recorded = store.gradients(run.id, [trial for level in winners for trial in level]) if run else {}
    stds = {trial: {found.point: found.std for found in gradients} for trial, gradients in recorded.items()}
    points = {point for by_point in stds.values() for point in by_point}
    return {
        point: [[stds[trial][point] for trial in level] for level in winners]
        for point in POINTS
        if point in points and all(point in stds.get(trial, {}) for level in winners for trial in level)
    }
