"""Whether what trials reached can be: the rules that depend on the metric that a study is judged by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from oracle.spec.metric import ACCURACY
from oracle.study.rows import AnswersRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oracle.spec.metric import MetricSpec
    from studies import Tables

_ROUNDING = 1e-6


def broken_by_values(
    tables: Tables, trials: Mapping[int, Mapping[str, Any]], metric: MetricSpec, *, own: bool = False
) -> Iterator[str]:
    """Yield the rules that values of the metric break, as phrases.

    Args:
        tables: those of a study, whose rows are each valid.
        trials: the rows of `trials` by number.
        metric: that the study is judged by.
        own: whether trials are trainings of the user's own, which report where they like.
    """
    yield from _impossible(tables, trials, metric)
    yield from _stopped(tables, trials, metric, own)
    if metric.name == ACCURACY.name:
        yield from _answers(tables, trials)


def _impossible(tables: Tables, trials: Mapping[int, Mapping[str, Any]], metric: MetricSpec) -> Iterator[str]:
    low, high = metric.bounds
    for number, trial in trials.items():
        complete = trial["state"] == "complete"
        for column in ("val", "test"):
            value = trial[column]
            if value is not None and not complete:
                yield f"trial {number} is {trial['state']}, so {column} must be empty"
            if value is not None and not low <= metric.score(value) <= high:
                yield f"trial {number} has a {column} of {value:g}, which no {metric.name} is"
        if complete and trial["val"] is None and not trial["diverged"]:
            yield f"trial {number} has no val, so it must have diverged"
    for row in tables["epochs"]:
        if row["val"] is not None and not low <= metric.score(row["val"]) <= high:
            where = f"trial {row['trial_id']} at step {row['step']}"
            yield f"{where} has a val of {row['val']:g}, which no {metric.name} is"


def _stopped(tables: Tables, trials: Mapping[int, Mapping[str, Any]], metric: MetricSpec, own: bool) -> Iterator[str]:
    """Check that the learning curve of every stopped trial ends where its rule says, and below what it asks for."""
    curves: dict[int, dict[int, float | None]] = {
        number: {} for number, trial in trials.items() if trial["state"] == "stopped"
    }
    for row in tables["epochs"]:
        if row["trial_id"] in curves:
            curves[row["trial_id"]][row["step"]] = row["val"]
    for number, curve in curves.items():
        last, below = trials[number]["stop_epoch"], trials[number]["stop_below"]
        end = max(curve, default=-1)
        if end < last or (not own and (end != last or len(curve) != last + 1)):
            yield f"trial {number} was stopped after epoch {last}, which its epochs contradict"
        elif (val := curve[end]) is not None and not metric.score(val) < below:
            yield (
                f"trial {number} was stopped, but its {metric.name} of {val:g} is not worse than its rule's "
                f"{metric.value(below):g}"
            )


def _answers(tables: Tables, trials: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    for row in tables["answers"]:
        accuracy = trials[row["trial_id"]]["val" if row["split"] == "validation" else "test"]
        correct = AnswersRow(**row).correct()
        if accuracy is None or not math.isclose(correct / row["examples"], accuracy, abs_tol=_ROUNDING):
            said = "unknown" if accuracy is None else f"{accuracy:g}"
            yield (
                f"{correct} of the {row['examples']} {row['split']} answers of trial {row['trial_id']} are correct, "
                f"which its accuracy of {said} contradicts"
            )
