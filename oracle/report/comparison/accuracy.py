"""The figure of the metric over density, for the schedules that were trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.comparison.regret import Estimate, valued
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import EMPHASISED, Look, bottom_up, looks
from oracle.report.comparison.marks import Frame, frame, path, with_legend
from oracle.report.comparison.table import Cell, Table
from oracle.report.plate import Plate
from oracle.report.style import INK, Figure, Trace, density_step, layout, value_axis
from oracle.study.commands import command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.comparison import Comparison
    from oracle.comparison.trained import TrainedLevel, TrainedRun
    from oracle.report.style import Level
    from oracle.spec.metric import MetricSpec

_SPREAD = 0.45
"""The lines' markers share this much of the space between two levels."""

_DIVERGED = "diverged on at least one seed"

_BARS = 8
"""With more lines than this, those that are not emphasised have no bars."""


def plate(comparison: Comparison) -> Plate:
    """Return the figure of what trained schedules reach."""
    metric = comparison.metric
    title = f"{metric.title} of the schedules that were trained"
    runs = trained(comparison)
    if not runs:
        return Plate(title, None, f"{how_to_train(comparison)}; none has been trained yet.")
    view = _frame(runs, metric)
    split = judged_on(comparison)
    caption = (
        f"Mean {split} {metric.name} with its 95 % interval (Student's t over seeds); markers of one level are set "
        "side by side. The intervals include differences between seeds that all schedules share, and leave out how the "
        f"{split} examples were drawn. The regret in the table compares each schedule with the oracle on the same "
        "seeds, level by level; its mean over the levels, with an interval that knows more, is in the verdicts."
    )
    if len(runs) > _BARS:
        caption += " Only the thick lines show their interval, to keep the lines apart; the table has all intervals."
    if view.cut:
        caption += " Intervals that leave the frame are cut off; the table has them in full."
    if view.outside:
        caption += (
            f" Means far {metric.below} the rest lie outside the frame; a triangle at its edge marks each of them."
        )
    drawn = figure(comparison)
    if any(trace["name"] == _DIVERGED for trace in drawn["data"]):
        caption += " A cross marks levels at which training diverged on at least one seed."
    return Plate(title, drawn, caption, (_table(runs, metric, split),))


def trained(comparison: Comparison) -> dict[str, TrainedRun]:
    """Return the runs that have finished a level, by name, in the order of the legend."""
    return {name: run for name in looks(comparison) if (run := comparison.runs.get(name)) is not None and run.levels}


def how_to_train(comparison: Comparison) -> str:
    """Return what to run to train schedules, as a clause."""
    return f"`{command('run', comparison.study, db=comparison.database)}` trains schedules for real"


def figure(comparison: Comparison) -> Figure:
    """Return what trained schedules reach as Plotly JSON."""
    runs, look = trained(comparison), looks(comparison)
    levels = _levels(runs)
    metric = comparison.metric
    step, view = density_step(levels), _frame(runs, metric)
    barred = _barred(runs)
    places = {name: _place(barred.index(name), len(barred), step) if name in barred else 1.0 for name in runs}
    data = [
        _line(name, look[name], runs[name], places[name], metric, barred=name in barred)
        for name in bottom_up(runs, look)
    ]
    data += _diverged(runs, places, view, metric)
    data += [trace for name, run in runs.items() for trace in _below(name, look[name], run, places[name], view, metric)]
    axis = value_axis(metric) | {"range": [view.low, view.high]}
    return with_legend(
        {"data": data, "layout": layout(levels, axis, f"{judged_on(comparison)} {metric.name}", height=460)}
    )


def _levels(runs: Mapping[str, TrainedRun]) -> list[Level]:
    levels: dict[int, Level] = {level.level: level for run in runs.values() for level in run.levels}
    return [levels[m] for m in sorted(levels)]


def judged_on(comparison: Comparison) -> str:
    """Return the data that the trained schedules are judged on: "test", or "validation" if that is not known."""
    return next((run.judged_on for run in comparison.runs.values()), "test")


def _drawn(level: TrainedLevel, metric: MetricSpec) -> Estimate:
    """Return what a run reached at a level, as it is drawn."""
    value = valued(level.score, metric)
    ends = [None if end is None else metric.factor * end for end in (value.low, value.high)]
    return Estimate(metric.factor * value.mean, *ends)


def _frame(runs: Mapping[str, TrainedRun], metric: MetricSpec) -> Frame:
    drawn = [_drawn(level, metric) for name in _barred(runs) for level in runs[name].levels]
    bounds = [(one.low, one.high) for one in drawn if one.low is not None and one.high is not None]
    means = [_drawn(level, metric).mean for run in runs.values() for level in run.levels]
    return frame(means, bounds, metric.point)


def _barred(runs: Mapping[str, TrainedRun]) -> list[str]:
    """Return the names of the runs whose intervals are drawn."""
    return [name for name in runs if len(runs) <= _BARS or name in EMPHASISED]


def _place(i: int, lines: int, step: float) -> float:
    """Return the factor that moves the i-th line's markers aside."""
    return float(step ** (_SPREAD * (i / (lines - 1) - 0.5))) if lines > 1 else 1.0


def _line(name: str, look: Look, run: TrainedRun, aside: float, metric: MetricSpec, *, barred: bool) -> Trace:
    levels = run.levels
    texts = [_describe(name, run, level, metric) for level in levels]
    drawn = [_drawn(level, metric) for level in levels]
    line = path(name, look, [level.density * aside for level in levels], [one.mean for one in drawn], texts)
    return line | {"error_y": _bars(drawn, look)} if barred else line


def _bars(estimates: list[Estimate], look: Look) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if one.high is None else one.high - one.mean for one in estimates],
        "arrayminus": [None if one.low is None else one.mean - one.low for one in estimates],
        "color": look.colour,
        "thickness": 1.4 if look.width > 2 else 0.8,
        "width": 3 if look.width > 2 else 2,
    }


def _describe(name: str, run: TrainedRun, level: TrainedLevel, metric: MetricSpec) -> str:
    reached = valued(level.score, metric)
    lines = [
        f"<b>{name}</b>, level {level.level}, {words.density(level.density)} density",
        f"max_lr {' or '.join(dict.fromkeys(map(words.rate, level.max_lrs)))}",
        f"{run.judged_on} {metric.name} <b>{metric.write(reached.mean)}</b> {_between(reached, metric)}".rstrip(),
        f"{words.estimate(level.regret, metric)}{metric.points} {metric.below} the replayed oracle",
        words.count(len(run.seeds), "fresh seed" if run.fresh else "seed")
        + (f", {level.diverged} diverged" if level.diverged else ""),
    ]
    return "<br>".join(line for line in lines if level.regret or "replayed" not in line)


def _between(estimate: Estimate, metric: MetricSpec) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"({metric.write(estimate.low)} to {metric.write(estimate.high)})"


def _diverged(
    runs: Mapping[str, TrainedRun], places: Mapping[str, float], view: Frame, metric: MetricSpec
) -> list[Trace]:
    marks = [
        (level.density * places[name], _drawn(level, metric).mean)
        for name, run in runs.items()
        for level in run.levels
        if level.diverged and not _outside(level, view, metric)
    ]
    if not marks:
        return []
    x, y = zip(*marks, strict=True)
    return [
        {
            "name": _DIVERGED,
            "legendrank": 900,
            "type": "scatter",
            "mode": "markers",
            "x": list(x),
            "y": list(y),
            "hoverinfo": "skip",
            "marker": {"symbol": "x-thin", "size": 13, "color": INK, "line": {"color": INK, "width": 2}},
        }
    ]


def _outside(level: TrainedLevel, view: Frame, metric: MetricSpec) -> bool:
    """Return whether a level is so bad that it lies outside the frame."""
    mean = _drawn(level, metric).mean
    return mean < view.low if metric.goal == "max" else mean > view.high


def _below(name: str, look: Look, run: TrainedRun, aside: float, view: Frame, metric: MetricSpec) -> list[Trace]:
    """Return triangles at the edge of the frame for the levels of a run that are worse than what it shows."""
    levels = [level for level in run.levels if _outside(level, view, metric)]
    if not levels:
        return []
    texts = [_describe(name, run, level, metric) for level in levels]
    inwards = 0.015 * (view.high - view.low)
    edge = [view.low + inwards if metric.goal == "max" else view.high - inwards] * len(levels)
    trace = path(name, look, [level.density * aside for level in levels], edge, texts)
    symbol = {"color": look.colour, "symbol": f"triangle-{'down' if metric.goal == 'max' else 'up'}", "size": 10}
    return [trace | {"mode": "markers", "showlegend": False, "marker": symbol}]


def _table(runs: Mapping[str, TrainedRun], metric: MetricSpec, split: str) -> Table:
    rows = [
        (
            Cell(name),
            table.whole(level.level),
            table.density(level.density),
            table.score(level.score.mean, metric),
            table.score(low, metric),
            table.score(high, metric),
            table.loss(level.regret.mean if level.regret else None, metric),
            table.loss(level.regret.low if level.regret else None, metric),
            table.loss(level.regret.high if level.regret else None, metric),
            table.whole(level.diverged),
        )
        for name, run in runs.items()
        for level in run.levels
        for low, high in [(level.score.low, level.score.high)[:: 1 if metric.goal == "max" else -1]]
    ]
    bounds = ("95 % from", "to")
    what, regret = metric.title, f"Regret in {metric.unit}"
    columns = ("Schedule", "Level", "Density", what, *bounds, regret, *bounds, "Seeds diverged")
    how_far = f"how far it is {metric.below} the oracle's curve on the same seeds"
    return Table(f"{split.capitalize()} {metric.name}, and regret: {how_far}", columns, tuple(rows))
