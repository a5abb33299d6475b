"""The methods that are replayed, at all budgets, and what they are worth on one recording with one choice of seeds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from benchmarks.replay.baselines import asha, i_epoch
from oracle.replaying import Recording, Reference, Replay, method_spec, simulate
from oracle.replaying import judge as judge_walk
from oracle.spec.search import RACING
from oracle.spec.search_methods import SEARCH_METHODS

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.spec.model import Spec

BUDGETS = (0.15, 0.25, 0.4)
"""Shares of the grid's trainings."""

RACES = (0.1, *BUDGETS)
"""Budgets of the race."""

REDUCTIONS = (3, 4)
"""Reduction factors of ASHA."""


@dataclass(frozen=True)
class Task:
    """All methods on one recording, with one choice and order of the seeds."""

    path: Path
    seeds: tuple[int, ...]
    workers: int


def contenders(recording: Recording) -> dict[str, Spec]:
    """Return, by row, the specs of the methods at all budgets."""
    found = {"grid": method_spec(recording, "grid")}
    for budget in RACES:
        found[f"racing, {budget:.0%}"] = method_spec(recording, RACING, {"search.budget": budget, "search.widen": 0})
    for budget in BUDGETS:
        count = max(2, round(budget * len(recording.rates)))
        space = {"low": float(recording.rates[0]), "high": float(recording.rates[-1]), "count": count}
        fields: dict[str, Any] = {"search.max_lr": space, "search.batch": 1, "search.widen": 0}
        for name, method in SEARCH_METHODS.items():
            if not method.looks_back:
                found[f"{name}, {count} candidates"] = method_spec(recording, name, fields)
    return found


def judge(task: Task) -> list[Replay]:
    """Replay all methods, and the baselines."""
    recording, seeds = recording_of(task.path), task.seeds
    reference, specs = Reference.of(recording, seeds), contenders(recording)
    walks = {name: (spec, simulate(recording, spec, seeds, task.workers)) for name, spec in specs.items()}
    grid = specs["grid"]
    walks |= {f"i-epoch, {budget:.0%}": (grid, i_epoch(recording, seeds, budget)) for budget in BUDGETS}
    walks |= {f"asha, reduction {factor}": (grid, asha(recording, seeds, factor)) for factor in REDUCTIONS}
    return [Replay(name, spec, (judge_walk(recording, walk, reference),)) for name, (spec, walk) in walks.items()]


@lru_cache
def recording_of(path: Path) -> Recording:
    """Return a recording; it is read once."""
    return Recording.load(path)
