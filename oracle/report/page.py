"""The page on a sweep: what its template shows, computed from the study's view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.base import fill, machines, provenance
from oracle.report.figures import plates
from oracle.report.finding import find
from oracle.report.spending import told
from oracle.results.intervals import RULES
from oracle.results.repeatability import repeatability
from oracle.results.study_view import decided_levels

if TYPE_CHECKING:
    from oracle.results.best import LevelBest
    from oracle.results.level_view import LevelView
    from oracle.results.spending import Spending
    from oracle.results.study_view import StudyView
    from scyc.pruning.coverage import Coverage


def render(view: StudyView, spending: Spending | None = None) -> str:
    """Return the report on a study as one self-contained HTML page.

    Args:
        view: the study.
        spending: what its search spent, if it is a race (`oracle.results.spending.spending_of`).
    """
    metric = view.spec.metric
    finding, repeated = find(view), repeatability(decided_levels(view.levels), metric.tolerance)
    return fill(
        "sweep.html",
        view,
        words=words,
        metric=metric,
        headline=finding.headline,
        notes=finding.notes,
        plates=plates(view),
        spending=told(spending, view.spec.search.budget, metric) if spending else None,
        facts=_facts(view),
        levels=[_row(lv, view.best.levels.get(lv.level), view.status.partly_pruned) for lv in view.levels],
        repeats=repeated.sentence if repeated else "",
        rules={
            name: f"{rule.defined(metric.tolerance, metric)}; it needs {rule.needs}" for name, rule in RULES.items()
        },
        costs=_costs(view),
        origins=[*provenance(view, "data", "started", "commit", "versions"), *machines(view)],
    )


def _facts(view: StudyView) -> list[tuple[str, str]]:
    """Return the study's size at a glance: (number, what it counts)."""
    decided = sum(lv.chosen is not None for lv in view.levels)
    most = max((len(lv.candidates) for lv in view.levels), default=0)
    seeds = {t.seed for lv in view.levels for t in lv.trials}
    return [
        (f"{decided} of {view.spec.levels}", "levels decided"),
        (f"{most}", "candidate" + "s" * (most != 1) + (" per level" if _uniform(view) else " at most")),
        (f"{len(seeds)}", "seed" + "s" * (len(seeds) != 1)),
        (f"{view.cost.trials:,}", "finished trial" + "s" * (view.cost.trials != 1)),
        *([(f"{view.cost.stopped:,}", "stopped early")] if view.cost.stopped else []),
        (words.duration(view.cost.compute_seconds), "of computing"),
    ]


def _uniform(view: StudyView) -> bool:
    return len({len(lv.candidates) for lv in view.levels if lv.candidates}) <= 1


def _row(level: LevelView, best: LevelBest | None, partly: Coverage | None) -> dict[str, Any]:
    """Return one level as the table shows it."""
    done, failed = (sum(t.state == state for t in level.trials) for state in ("complete", "failed"))
    trials = f"{done}" if done == len(level.trials) else f"{done} of {len(level.trials)}"
    trials += f" ({level.stopped} stopped early)" * (level.stopped > 0)
    winning = level.winning
    return {
        "level": level.level,
        "densities": [words.density(level.density)]
        + ([words.density(partly.network_density(level.density))] if partly else []),
        "best": words.best(best),
        "known": words.known_in_full(best, level.metric),
        "winner": None if level.winner is None else words.rate(level.winner),
        "edge": level.edge,
        "silent": level.silence is not None,
        "intervals": [words.interval(interval) for interval in level.intervals.values()],
        "val": level.metric.write(winning.val if winning else None),
        "test": level.metric.write(winning.test if winning else None),
        "candidates": len(level.candidates),
        "trials": trials,
        "failed": failed,
        "diverged": sum(bool(t.diverged) for t in level.trials),
    }


def _costs(view: StudyView) -> list[tuple[str, str]]:
    cost = view.cost
    rows = [
        ("Finished trials", f"{cost.trials:,}"),
        *([("Trials stopped early", f"{cost.stopped:,}")] if cost.stopped else []),
        ("Failed trials", f"{cost.failed:,}"),
        (f"{words.headed(view.spec.trial.unit)} trained", f"{cost.epochs:,.15g}"),
        ("Computing, summed over trials", words.duration(cost.compute_seconds)),
    ]
    if ended := cost.trials + cost.stopped:
        rows.append(("Computing per trial", words.duration(cost.compute_seconds / ended)))
    rows.append(("Wall time, without pauses", words.duration(cost.wall_seconds)))
    if cost.under_way is not None and not view.status.driven:  # the wall time of now is not recorded yet
        rows.append(("Trials under way, on average", f"{cost.under_way:.2g}"))
    return [
        *rows,
        *provenance(view, "hardware"),
    ]
