"""The figure of the oracle curve with its interval, and of every schedule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from oracle.comparison.modelled import percent
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import Look, bottom_up, looks
from oracle.report.comparison.marks import path, with_legend
from oracle.report.comparison.table import Cell, Table
from oracle.report.intervals import band, explained, gaps, open_bounds
from oracle.report.plate import Plate
from oracle.report.style import BLUE, SKY, Figure, Trace, layout, max_lr_axis
from oracle.results.intervals import RULES
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from oracle.comparison import Comparison, LevelVerdict
    from oracle.results.intervals import Rule


def plate(comparison: Comparison) -> Plate:
    """Return the figure of max_lr over density."""
    judged = any(level.interval for level in comparison.levels)
    caption = (
        "The oracle's best max_lr at each density, dense network at the left; "
        f"{'the band is its' if judged else 'no level has a'} “{comparison.rule}” interval. Both axes are logarithmic."
    )
    if marks := explained([level.interval for level in comparison.levels]):
        caption += f" {marks}"
    if measuring(comparison):
        caption += " A schedule that measures the network first differs from seed to seed; the figure shows the mean."
    return Plate("The oracle curve and the schedules", figure(comparison), caption, (rates(comparison),))


def figure(comparison: Comparison) -> Figure:
    """Return the oracle curve, its interval and the schedules as Plotly JSON."""
    levels = comparison.levels
    intervals = [level.interval for level in levels]
    data = [
        *band(f"“{comparison.rule}” interval", levels, intervals, SKY, rank=0),
        *paths(comparison),
        *open_bounds(levels, intervals, BLUE),
        *gaps(levels, intervals, BLUE),
    ]
    values = [value for trace in data for value in trace["y"]]
    return with_legend({"data": data, "layout": layout(levels, max_lr_axis(values), "max_lr", height=480)})


def paths(comparison: Comparison) -> list[Trace]:
    """Return the lines of all schedules over the densities, in the order in which they are drawn."""
    found, look = [], looks(comparison)
    for name in bottom_up(look, look):
        if name == ORACLE:
            found.append(_oracle(comparison, look[name]))
        elif name in comparison.verdicts:
            found.append(_schedule(name, look[name], comparison))
        elif comparison.runs[name].levels:
            found.append(_measuring(name, look[name], comparison))
    return found


def rates(comparison: Comparison) -> Table:
    """Return the table of every schedule's max_lr at every level."""
    names = [name for name in comparison.verdicts if name != ORACLE]
    own = measuring(comparison)
    rows = []
    for i, level in enumerate(comparison.levels):
        interval = level.interval
        row = [table.whole(level.level), table.density(level.density), table.rate(level.winner)]
        row += [table.rate(interval.low if interval else None), table.rate(interval.high if interval else None)]
        row += [_judged(comparison.verdicts[name].levels[i], RULES[comparison.rule]) for name in names]
        row += [table.rate(_mean_rates(comparison, name).get(level.level)) for name in own]
        rows.append(tuple(row))
    columns = ("Level", "Density", "Oracle", "Interval from", "to", *names, *own)
    caption = (
        f"max_lr of every schedule, and how probable it is that it is {words.near_best(comparison)} of the best"
        if RULES[comparison.rule].modelled
        else "max_lr of every schedule; those outside the interval are marked ↑ or ↓"
    )
    return Table(caption, columns, tuple(rows))


def measuring(comparison: Comparison) -> list[str]:
    """Return the names of runs whose schedule does not have one max_lr per level for all seeds."""
    return [name for name in comparison.runs if name not in comparison.verdicts and name != ORACLE]


def _oracle(comparison: Comparison, look: Look) -> Trace:
    levels = comparison.levels
    texts = [
        f"<b>oracle</b>, level {level.level}, {words.density(level.density)} density<br>"
        f"best max_lr <b>{words.rate(level.winner)}</b><br>{comparison.rule} {words.interval(level.interval)}"
        for level in levels
    ]
    return path(ORACLE, look, [level.density for level in levels], [level.winner for level in levels], texts)


def _schedule(name: str, look: Look, comparison: Comparison) -> Trace:
    verdict = comparison.verdicts[name]
    texts = [
        f"<b>{name}</b>, level {level.level}<br>max_lr <b>{words.rate(level.max_lr)}</b>, {_place(level, comparison)}"
        for level in verdict.levels
    ]
    densities = [level.density for level in comparison.levels]
    return path(name, look, densities, [level.max_lr for level in verdict.levels], texts)


def _measuring(name: str, look: Look, comparison: Comparison) -> Trace:
    run = comparison.runs[name]
    means = _mean_rates(comparison, name)
    texts = [
        f"<b>{name}</b>, level {level.level}<br>max_lr <b>{words.rate(means[level.level])}</b>, seeds from "
        f"{words.rate(min(level.max_lrs))} to {words.rate(max(level.max_lrs))}"
        for level in run.levels
    ]
    return path(name, look, [level.density for level in run.levels], list(means.values()), texts)


def _mean_rates(comparison: Comparison, name: str) -> dict[int, float]:
    """Return a run's geometric mean max_lr over the seeds, by level."""
    return {
        level.level: math.exp(math.fsum(map(math.log, level.max_lrs)) / len(level.max_lrs))
        for level in comparison.runs[name].levels
    }


def _judged(level: LevelVerdict, rule: Rule) -> Cell:
    if rule.modelled:
        known = "" if level.probability is None else f" ({percent(level.probability)})"
        return Cell(words.rate(level.max_lr) + known, level.max_lr)
    mark = "" if level.inside in (True, None) else " ↑" if (level.off or 1) > 1 else " ↓"
    return Cell(words.rate(level.max_lr) + mark, level.max_lr)


def _place(level: LevelVerdict, comparison: Comparison) -> str:
    """Return where a schedule lies at one level, and how much it loses there on the surface."""
    if RULES[comparison.rule].modelled and level.probability is not None:
        place = f"{words.near_best(comparison)} of the best with {percent(level.probability)}"
    elif level.off is None:
        place = "no interval to judge by"
    elif level.inside:
        place = "inside the interval"
    else:
        place = f"{max(level.off, 1 / level.off):.2f} times too {'high' if level.off > 1 else 'low'}"
    if level.raw_regret is None:
        return f"{place}<br>beyond the candidates"
    metric = comparison.metric
    raw = f"{words.loss(level.raw_regret, metric)} on the seeds that chose the winner"
    lost = raw if level.regret is None else f"{words.loss(level.regret, metric)} ({raw})"
    model = f"<br>by the model: {words.credible(level.model_regret, metric)}" if level.model_regret else ""
    return f"{place}<br>{metric.lost} there: {lost}{model}"
