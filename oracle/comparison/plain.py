"""A comparison as plain values, which docs/comparison.md describes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from oracle.comparison.regret import valued
from oracle.results.intervals import RULES

if TYPE_CHECKING:
    from oracle.comparison.compare import Comparison
    from oracle.comparison.curse import WinnersCurse
    from oracle.comparison.trained import TrainedLevel
    from oracle.spec.metric import MetricSpec
    from scyc import LevelSchedule

VERSION = 5
"""Version of the structure that `to_json` returns."""


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON values, with `max_lr` unrounded.

    What trainings reached, and how much worse they are, is in the metric's own units: accuracies are fractions.
    """
    fit, metric = comparison.fit, comparison.metric
    return {
        "comparison": VERSION,
        "study": comparison.study,
        "metric": metric.model_dump(),
        "rule": comparison.rule,
        "tolerance": comparison.tolerance if RULES[comparison.rule].tolerant else None,
        "p": comparison.p,
        "levels": [
            {
                "level": level.level,
                "density": level.density,
                "winner": level.winner,
                "interval": [level.interval.low, level.interval.high] if level.interval else None,
                "open": [level.interval.low_open, level.interval.high_open] if level.interval else None,
                "gaps": list(level.interval.gaps) if level.interval else None,
                "candidates": [
                    {
                        "max_lr": max_lr,
                        "mean": _value(level.mean(max_lr), metric),
                        "val": list(map(metric.value, level.scores[max_lr])),
                        "test": list(map(metric.value, level.test_scores.get(max_lr, ()))) or None,
                    }
                    for max_lr in sorted(level.scores)
                ],
            }
            for level in comparison.levels
        ],
        "fit": {**asdict(fit), "python": as_python(fit.schedule)} if fit else None,
        "schedules": {
            name: {"python": as_python(comparison.schedules[name]), **asdict(verdict)}
            for name, verdict in comparison.verdicts.items()
        },
        "runs": {
            name: {**asdict(run), "levels": [_trained(level, metric) for level in run.levels]}
            for name, run in comparison.runs.items()
        },
        "curse": _curse(comparison.curse, metric) if comparison.curse else None,
        "search_epochs": comparison.search_epochs,
        "level_epochs": comparison.level_epochs,
        "gradients": asdict(comparison.gradients) if comparison.gradients else None,
        "notes": list(comparison.notes),
    }


def _value(score: float | None, metric: MetricSpec) -> float | None:
    return None if score is None else metric.value(score)


def _trained(level: TrainedLevel, metric: MetricSpec) -> dict[str, Any]:
    plain = asdict(level)
    scores = plain.pop("scores")
    del plain["score"]
    return {**plain, "values": list(map(metric.value, scores)), "mean": asdict(valued(level.score, metric))}


def _curse(curse: WinnersCurse, metric: MetricSpec) -> dict[str, Any]:
    values = ("chosen", "held_out", "test", "fresh")
    levels = [vars_ | {name: _value(vars_[name], metric) for name in values} for vars_ in map(asdict, curse.levels)]
    return {**asdict(curse), "levels": levels}


def as_python(schedule: LevelSchedule) -> str:
    """Return the line of Python that makes the schedule in your own training loop."""
    return f"from scyc import {type(schedule).__name__}; schedule = {schedule!r}"
