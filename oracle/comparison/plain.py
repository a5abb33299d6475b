"""A comparison as plain values, which docs/comparison.md describes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from oracle.results.intervals import RULES

if TYPE_CHECKING:
    from oracle.comparison.compare import Comparison
    from scyc import LevelSchedule

VERSION = 4
"""Version of the structure that `to_json` returns."""


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON values, with accuracies and regrets as fractions and `max_lr` unrounded."""
    fit = comparison.fit
    return {
        "comparison": VERSION,
        "study": comparison.study,
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
                        "accuracy": level.mean(max_lr),
                        "val_accuracies": list(level.accuracies[max_lr]),
                        "test_accuracies": list(level.test_accuracies.get(max_lr, ())) or None,
                    }
                    for max_lr in sorted(level.accuracies)
                ],
            }
            for level in comparison.levels
        ],
        "fit": {**asdict(fit), "python": as_python(fit.schedule)} if fit else None,
        "schedules": {
            name: {"python": as_python(comparison.schedules[name]), **asdict(verdict)}
            for name, verdict in comparison.verdicts.items()
        },
        "runs": {name: asdict(run) for name, run in comparison.runs.items()},
        "curse": asdict(comparison.curse) if comparison.curse else None,
        "search_epochs": comparison.search_epochs,
        "level_epochs": comparison.level_epochs,
        "gradients": asdict(comparison.gradients) if comparison.gradients else None,
        "notes": list(comparison.notes),
    }


def as_python(schedule: LevelSchedule) -> str:
    """Return the line of Python that makes the schedule in your own training loop."""
    return f"from scyc import {type(schedule).__name__}; schedule = {schedule!r}"
