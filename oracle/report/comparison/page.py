"""The page on a comparison: the verdicts, the figures with their numbers, and where the numbers come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.comparison import as_python
from oracle.report import words
from oracle.report.base import fill, machines, provenance
from oracle.report.comparison.accuracy import how_to_train
from oracle.report.comparison.figures import plates
from oracle.report.comparison.looks import EMPHASISED, looks
from oracle.report.comparison.verdicts import curse_table, fit_tables, reading, verdicts
from oracle.results.repeatability import repeatability
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from oracle.comparison import Comparison
    from oracle.results.study_view import StudyView


@dataclass(frozen=True)
class Item:
    """One schedule in the headline: what is said about it, and whether it is one of the main schedules."""

    name: str
    sentences: tuple[str, ...]
    first: bool


def render(comparison: Comparison, view: StudyView) -> str:
    """Return the comparison as one self-contained HTML page.

    Args:
        comparison: of the study.
        view: the study, for where the numbers come from.
    """
    fit, curse, repeated = (
        comparison.fit,
        comparison.curse,
        repeatability(comparison.levels, comparison.metric.tolerance),
    )
    return fill(
        "comparison.html",
        view,
        comparison=comparison,
        notes=[*comparison.notes, *view.status.machines.notes],
        headline=headline(comparison),
        verdicts=verdicts(comparison),
        reading=reading(comparison),
        repeats=repeated.sentence if repeated else "",
        untrained=how_to_train(comparison),
        curse=curse_table(curse, comparison.metric) if curse else None,
        fit_tables=fit_tables(fit) if fit else [],
        python=as_python(fit.schedule) if fit else "",
        plates=plates(comparison),
        origins=_origins(comparison, view),
    )


def headline(comparison: Comparison) -> list[Item]:
    """Return what is said about each schedule but the oracle itself, the main schedules first."""
    items = []
    for name in looks(comparison):
        found = (comparison.verdicts.get(name), comparison.runs.get(name))
        if name != ORACLE and any(found):
            items.append(Item(name, tuple(one.sentence for one in found if one is not None), name in EMPHASISED))
    return items


def _origins(comparison: Comparison, view: StudyView) -> list[tuple[str, str]]:
    seeds = {trial.seed for level in view.levels for trial in level.trials}
    return [
        ("Study", f"{view.name}, {view.state}, {words.count(len(comparison.levels), 'decided level')}"),
        ("Oracle", f"{words.count(view.cost.trials, 'trial')} on {words.count(len(seeds), 'seed')}"),
        (
            "Densities",
            f"those of the prunable weights. {view.status.coverage.sentence}"
            if view.status.coverage
            else words.NOT_RECORDED,
        ),
        ("Numbers of this page", "comparison.json, beside it"),
        *provenance(view, "data", "started", "commit", "versions", "hardware"),
        *machines(view),
    ]
