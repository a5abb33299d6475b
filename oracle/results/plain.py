"""A study's view as plain values: what `scyc show --json` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from oracle.results.answers import recorded_answers
from oracle.results.spending import spending_of
from oracle.study.checking import explained
from scyc.answers import as_text
from studies import SplitName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.results.intervals import Interval
    from oracle.results.spending import Spending
    from oracle.results.study_view import StudyView
    from studies import Store


VERSION = 2
"""Version of the structure that `to_json` returns. The first had no number, and called `val` `val_accuracy`."""


def to_json(view: StudyView, spending: Spending | None = None) -> dict[str, Any]:
    """Return what `scyc show --json` prints: plain values, with max_lr unrounded.

    `val` and `test` of trials are in the metric's own units: accuracies are fractions.

    A silent level has two more keys, `silence` and `chosen`, and no `winner`. `machines` is there if any is on record,
    `stopped` among the cost if any trial was stopped early, and `spending` if the study is a race.

    Args:
        view: the study.
        spending: what its search spent (`spending_of`).
    """
    return {
        "version": VERSION,
        "study": view.name,
        "metric": view.spec.metric.model_dump(),
        "state": view.state,
        "levels": [
            {
                "level": level.level,
                **view.status.densities(level.density),
                "winner": level.winner,
                "model": vars(view.best.levels[level.level]) if level.level in view.best.levels else None,
                **_plain(level.intervals),
                "edge": level.edge,
                "trials": [vars(trial) for trial in level.trials],
                **({"silence": level.silence, "chosen": level.chosen} if level.silence else {}),
            }
            for level in view.levels
        ],
        "cost": {name: value for name, value in vars(view.cost).items() if name != "stopped" or value},
        "spec": view.spec.to_dict(),
        "provenance": view.provenance,
        **({"machines": view.status.machines.to_json()} if view.status.machines.kinds else {}),
        **({"spending": spending.to_json()} if spending else {}),
    }


def json_with_answers(store: Store, view: StudyView) -> dict[str, Any]:
    """Return what `scyc show --json --answers` prints.

    It is what `to_json` returns, and each trial has one more key, `answers`: by split, where they are on record, a text
    of 1 (classified correctly) and 0, one character for each example.

    Raises:
        InputError: a record cannot be read; somebody has edited it.
    """
    found: dict[int, dict[str, str]] = {}
    with explained(store, view.name):
        for split in get_args(SplitName):
            for trial, record in recorded_answers(store, view, split).items():
                found.setdefault(trial, {})[split] = as_text(record.bits, record.examples)
    shown = to_json(view, spending_of(store, view))
    for level in shown["levels"]:
        level["trials"] = [trial | {"answers": found.get(trial["id"], {})} for trial in level["trials"]]
    return shown


def _plain(intervals: Mapping[str, Interval | None]) -> dict[str, Any]:
    """Return by rule the bounds, whether they are open, and the gaps."""
    return {
        "interval": {rule: [i.low, i.high] if i else None for rule, i in intervals.items()},
        "open": {rule: [i.low_open, i.high_open] if i else None for rule, i in intervals.items()},
        "gaps": {rule: list(i.gaps) if i else None for rule, i in intervals.items()},
    }
