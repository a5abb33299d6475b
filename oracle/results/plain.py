"""A study's view as plain values: what `scyc show --json` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oracle.results.intervals import Interval
    from oracle.results.study_view import StudyView


def to_json(view: StudyView) -> dict[str, Any]:
    """Return what `scyc show --json` prints: plain values, with accuracies as fractions and max_lr unrounded.

    A level that is silent has two more keys, `silence` and `chosen`, and no `winner`.
    """
    return {
        "study": view.name,
        "state": view.state,
        "levels": [
            {
                "level": level.level,
                **view.status.densities(level.density),
                "winner": level.winner,
                "interval": {rule: _bounds(interval) for rule, interval in level.intervals.items()},
                "open": {rule: _open(interval) for rule, interval in level.intervals.items()},
                "edge": level.edge,
                "trials": [vars(trial) for trial in level.trials],
                **({"silence": level.silence, "chosen": level.chosen} if level.silence else {}),
            }
            for level in view.levels
        ],
        "cost": vars(view.cost),
        "spec": view.spec.to_dict(),
        "provenance": view.provenance,
    }


def _bounds(interval: Interval | None) -> list[float] | None:
    return [interval.low, interval.high] if interval else None


def _open(interval: Interval | None) -> list[bool] | None:
    return [interval.low_open, interval.high_open] if interval else None
