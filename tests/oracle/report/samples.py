"""Synthetic studies with known numbers: an optimum that climbs along an S, smooth around it, with seed noise."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from oracle.results.cost import Cost
from oracle.results.intervals import RULES, Interval
from oracle.results.level_view import CandidateView, LevelView, TrialView
from oracle.results.status import StudyStatus
from oracle.results.study_view import StudyView
from oracle.spec.model import Spec
from studies import LevelRecord, TenureRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.status import State

GRID = tuple(0.02 * 50 ** (i / 11) for i in range(12))
SEEDS = (0, 1, 2)

PROVENANCE = {
    "versions": {"scyc": "0.1.0", "torch": "2.9.1", "ray": "2.60.0", "optuna": "5.0.0"},
    "hardware": {"device": "cpu", "cpu": "AMD EPYC 9354", "cores": 2, "memory": "8 GiB"},
    "commit": "3f2a9c1",
    "started": "2026-02-03T10:15:00+00:00",
    "data": "3,200 training, 800 validation and 1,000 test examples of shape (40,)",
}


def spec(levels: int, seeds: Sequence[int] = SEEDS) -> Spec:
    return Spec(levels=levels, seeds=list(seeds))


def trial(max_lr: float, seed: int, val: float | None, test: float | None = None, state: str = "complete") -> TrialView:
    """One trial; without a test accuracy it is a point below the validation accuracy."""
    if val is None:
        return TrialView(max_lr, seed, state, None, None, None, None)
    return TrialView(max_lr, seed, state, val, val - 0.01 if test is None else test, val < 0.15, 0.45)


def candidates(trials: Sequence[TrialView]) -> tuple[CandidateView, ...]:
    """The finished trials by max_lr."""
    result = []
    for max_lr in sorted({t.max_lr for t in trials if t.state == "complete"}):
        done = [t for t in trials if t.max_lr == max_lr and t.state == "complete"]
        val = sum(t.val or 0.0 for t in done) / len(done)
        test = sum(t.test or 0.0 for t in done) / len(done)
        result.append(CandidateView(max_lr, val, test, sum(bool(t.diverged) for t in done), len(done)))
    return tuple(result)


def level(
    m: int,
    trials: Sequence[TrialView] = (),
    winner: float | None = None,
    within: Interval | None = None,
    paired: Interval | None = None,
    edge: bool = False,
) -> LevelView:
    intervals = dict.fromkeys(RULES) | {"within": within, "paired": paired}
    return LevelView(m, 0.8**m, winner, edge, tuple(trials), candidates(trials), intervals)


def status(state: State, levels: int, decided: Sequence[LevelView], name: str) -> StudyStatus:
    """A study that is in this state, or finished when all of its levels are decided."""
    now = datetime(2026, 2, 3, tzinfo=UTC)
    records = tuple(LevelRecord(1, lv.level, lv.density, lv.winner or 0.0, lv.edge, now) for lv in decided)
    tenure = TenureRecord("ann@here", now, 60.0, 1.0, 29.0) if state == "running" else None
    failed = 1 if state == "blocked" else 0
    return StudyStatus(name, "mnist1d/mlp-300-100", None, levels, records, 0, 0, failed, 0, tenure, None)


def study(
    levels: Sequence[LevelView],
    state: State = "running",
    name: str = "mnist1d",
    planned: int | None = None,
    provenance: dict[str, Any] = PROVENANCE,
) -> StudyView:
    trials = [t for lv in levels for t in lv.trials]
    done = sum(t.state == "complete" for t in trials)
    failed = sum(t.state == "failed" for t in trials)
    cost = Cost(done, failed, 10 * done, 0.45 * done, 0.25 * done)
    planned = planned or len(levels)
    decided = [lv for lv in levels if lv.winner is not None]
    return StudyView(name, status(state, planned, decided, name), spec(planned), tuple(levels), cost, provenance)


def climbing(m: int, grid: Sequence[float] = GRID, seeds: Sequence[int] = SEEDS) -> LevelView:
    """A decided level as MNIST-1D gives it: the optimum climbs from about .18 to .36."""
    noise = random.Random(m)
    gamma = 1 - 0.8**m
    optimum = 0.17 * (1 + 1.1 * gamma**5 / (gamma**5 + (1 - gamma) ** 5))
    top = 0.70 - 0.02 * (m / 6) ** 2
    trials = []
    for seed in seeds:
        luck = noise.gauss(0, 0.004)
        for max_lr in grid:
            away = math.log(max_lr / optimum)
            val = top - (0.035 if away < 0 else 0.06) * away**2 + luck + noise.gauss(0, 0.003)
            diverged = max_lr > 0.9 and noise.random() < 0.5
            trials.append(trial(max_lr, seed, 0.11 if diverged else max(val, 0.2)))
    winning = max(candidates(trials), key=lambda c: c.val or 0.0)
    high = min(winning.max_lr * 1.5, max(grid))
    return level(
        m,
        trials,
        winning.max_lr,
        Interval(winning.max_lr / 1.4, high, high_open=high == max(grid)),
        Interval(winning.max_lr / 1.9, winning.max_lr * 1.75) if len(seeds) > 1 else None,
        edge=winning.max_lr in (min(grid), max(grid)),
    )


def peaked(
    m: int, optimum: float, within: Interval | None = None, curvature: float = 0.05, noise: float = 0.002
) -> LevelView:
    """A level whose accuracy is a parabola in log max_lr around the optimum, with a seed noise."""
    drawn = random.Random(m)
    trials = [
        trial(rate, seed, 0.7 - curvature * math.log(rate / optimum) ** 2 + drawn.gauss(0, noise))
        for rate in GRID
        for seed in SEEDS
    ]
    means = {rate: sum(t.val or 0.0 for t in trials if t.max_lr == rate) for rate in GRID}
    winner = max(GRID, key=lambda rate: means[rate])
    return level(m, trials, winner, within, edge=winner in (GRID[0], GRID[-1]))


def finished(levels: int = 13) -> StudyView:
    """A whole study of the usual size."""
    return study([climbing(m) for m in range(levels)], name="mnist1d-mlp")


def running() -> StudyView:
    """Two levels decided, the third half trained, the fourth untouched; the grid was widened at level 1."""
    wide = climbing(1, (*GRID, GRID[-1] * GRID[1] / GRID[0]))
    pending = [
        trial(x, s, 0.66 if s == 0 and i % 2 else None, state="complete" if s == 0 and i % 2 else "pending")
        for i, x in enumerate(GRID)
        for s in SEEDS
    ]
    pending[5] = trial(GRID[1], 2, None, state="failed")
    return study([climbing(0), wide, level(2, pending), level(3)], planned=13)


def raced() -> StudyView:
    """A race over three levels: of four candidates, one is stopped, one diverges, one is trained on all seeds."""
    levels = []
    for m in range(3):
        winner = GRID[4 + m]
        trials = [
            trial(GRID[1], 0, 0.6),
            *(trial(winner, seed, 0.7 + 0.01 * seed) for seed in SEEDS),
            trial(GRID[9], 0, None, state="stopped"),
            trial(GRID[11], 0, 0.1),
        ]
        levels.append(level(m, trials, winner))
    view = study(levels)
    race = Spec.model_validate({"levels": 3, "seeds": list(SEEDS), "search": {"method": "racing"}})
    return replace(view, spec=race)


def open_ended() -> StudyView:
    """Every kind of mark at once: open bounds, an edge winner, a level without intervals, one that is missing."""
    levels = []
    for m, winner in enumerate((GRID[0], GRID[4], GRID[7], GRID[11])):
        trials = [trial(x, s, 0.7 - 0.02 * math.log(x / winner) ** 2) for x in GRID for s in SEEDS]
        within = Interval(max(winner / 3, GRID[0]), min(winner * 3, GRID[-1]), m == 0, m == 3)
        levels.append(
            level(
                m, trials, winner, None if m == 1 else within, None if m == 2 else within, winner in (GRID[0], GRID[-1])
            )
        )
    return study(levels)
