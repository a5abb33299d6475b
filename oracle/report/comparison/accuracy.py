"""The figure of accuracy over density, for the schedules that were trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import EMPHASISED, Look, bottom_up, looks
from oracle.report.comparison.marks import Frame, frame, path, with_legend
from oracle.report.comparison.table import Cell, Table
from oracle.report.plate import Plate
from oracle.report.style import INK, Figure, Trace, accuracy_axis, density_step, layout
from oracle.study.commands import command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.comparison import Comparison
    from oracle.comparison.regret import Estimate
    from oracle.comparison.trained import TrainedLevel, TrainedRun
    from oracle.report.style import Level

_SPREAD = 0.45
"""The lines' markers share this much of the space between two levels."""

_DIVERGED = "diverged on at least one seed"

_BARS = 8
"""With more lines than this, those that are not emphasised have no bars."""


def plate(comparison: Comparison) -> Plate:
    """Return the figure of the accuracies of trained schedules."""
    title = "Accuracy of the schedules that were trained"
    runs = trained(comparison)
    if not runs:
        return Plate(title, None, f"{how_to_train(comparison)}; none has been trained yet.")
    view = _frame(runs)
    caption = (
        "Mean test accuracy with its 95 % interval (Student's t over seeds); markers of one level are set side by "
        "side. The intervals include differences between seeds that all schedules share, and leave out how the test "
        "examples were drawn. The regret in the table compares each schedule with the oracle on the same seeds, level "
        "by level; its mean over the levels, with an interval that knows more, is in the verdicts."
    )
    if len(runs) > _BARS:
        caption += " Only the thick lines show their interval, to keep the lines apart; the table has all intervals."
    if view.cut:
        caption += " Intervals that leave the frame are cut off; the table has them in full."
    if view.outside:
        caption += " Means far below the rest lie outside the frame; a triangle at its edge marks each of them."
    drawn = figure(comparison)
    if any(trace["name"] == _DIVERGED for trace in drawn["data"]):
        caption += " A cross marks levels at which training diverged on at least one seed."
    return Plate(title, drawn, caption, (_table(runs),))


def trained(comparison: Comparison) -> dict[str, TrainedRun]:
    """Return the runs that have finished a level, by name, in the order of the legend."""
    return {name: run for name in looks(comparison) if (run := comparison.runs.get(name)) is not None and run.levels}


def how_to_train(comparison: Comparison) -> str:
    """Return what to run to train schedules, as a clause."""
    return f"`{command('run', comparison.study, db=comparison.database)}` trains schedules for real"


def figure(comparison: Comparison) -> Figure:
    """Return the accuracies of trained schedules as Plotly JSON."""
    runs, look = trained(comparison), looks(comparison)
    levels = _levels(runs)
    step, view = density_step(levels), _frame(runs)
    barred = _barred(runs)
    places = {name: _place(barred.index(name), len(barred), step) if name in barred else 1.0 for name in runs}
    data = [_line(name, look[name], runs[name], places[name], name in barred) for name in bottom_up(runs, look)]
    data += _diverged(runs, places, view)
    data += [trace for name, run in runs.items() for trace in _below(name, look[name], run, places[name], view)]
    axis = accuracy_axis() | {"range": [view.low, view.high]}
    return with_legend({"data": data, "layout": layout(levels, axis, "test accuracy", height=460)})


def _levels(runs: Mapping[str, TrainedRun]) -> list[Level]:
    levels: dict[int, Level] = {level.level: level for run in runs.values() for level in run.levels}
    return [levels[m] for m in sorted(levels)]


def _frame(runs: Mapping[str, TrainedRun]) -> Frame:
    drawn = [level.score for name in _barred(runs) for level in runs[name].levels]
    bounds = [(100 * one.low, 100 * one.high) for one in drawn if one.low is not None and one.high is not None]
    return frame([100 * level.score.mean for run in runs.values() for level in run.levels], bounds)


def _barred(runs: Mapping[str, TrainedRun]) -> list[str]:
    """Return the names of the runs whose intervals are drawn."""
    return [name for name in runs if len(runs) <= _BARS or name in EMPHASISED]


def _place(i: int, lines: int, step: float) -> float:
    """Return the factor that moves the i-th line's markers aside."""
    return float(step ** (_SPREAD * (i / (lines - 1) - 0.5))) if lines > 1 else 1.0


def _line(name: str, look: Look, run: TrainedRun, aside: float, barred: bool) -> Trace:
    levels = run.levels
    texts = [_describe(name, run, level) for level in levels]
    line = path(name, look, [level.density * aside for level in levels], [100 * lv.score.mean for lv in levels], texts)
    return line | {"error_y": _bars([level.score for level in levels], look)} if barred else line


def _bars(estimates: list[Estimate], look: Look) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if one.high is None else 100 * (one.high - one.mean) for one in estimates],
        "arrayminus": [None if one.low is None else 100 * (one.mean - one.low) for one in estimates],
        "color": look.colour,
        "thickness": 1.4 if look.width > 2 else 0.8,
        "width": 3 if look.width > 2 else 2,
    }


def _describe(name: str, run: TrainedRun, level: TrainedLevel) -> str:
    lines = [
        f"<b>{name}</b>, level {level.level}, {words.density(level.density)} density",
        f"max_lr {' or '.join(dict.fromkeys(map(words.rate, level.max_lrs)))}",
        f"test accuracy <b>{words.accuracy(level.score.mean)}</b> {_between(level.score)}".rstrip(),
        f"{words.estimate(level.regret)} points below the replayed oracle",
        words.count(len(run.seeds), "fresh seed" if run.fresh else "seed")
        + (f", {level.diverged} diverged" if level.diverged else ""),
    ]
    return "<br>".join(line for line in lines if level.regret or "replayed" not in line)


def _between(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"({words.accuracy(estimate.low)} to {words.accuracy(estimate.high)})"


def _diverged(runs: Mapping[str, TrainedRun], places: Mapping[str, float], view: Frame) -> list[Trace]:
    marks = [
        (level.density * places[name], 100 * level.score.mean)
        for name, run in runs.items()
        for level in run.levels
        if level.diverged and 100 * level.score.mean >= view.low
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


def _below(name: str, look: Look, run: TrainedRun, aside: float, view: Frame) -> list[Trace]:
    """Return triangles at the lower edge for the levels of a run that lie below it."""
    levels = [level for level in run.levels if 100 * level.score.mean < view.low]
    if not levels:
        return []
    texts = [_describe(name, run, level) for level in levels]
    edge = [view.low + 0.015 * (view.high - view.low)] * len(levels)
    trace = path(name, look, [level.density * aside for level in levels], edge, texts)
    symbol = {"color": look.colour, "symbol": "triangle-down", "size": 10}
    return [trace | {"mode": "markers", "showlegend": False, "marker": symbol}]


def _table(runs: Mapping[str, TrainedRun]) -> Table:
    rows = [
        (
            Cell(name),
            table.whole(level.level),
            table.density(level.density),
            table.accuracy(level.score.mean),
            table.accuracy(level.score.low),
            table.accuracy(level.score.high),
            table.points(level.regret.mean if level.regret else None),
            table.points(level.regret.low if level.regret else None),
            table.points(level.regret.high if level.regret else None),
            table.whole(level.diverged),
        )
        for name, run in runs.items()
        for level in run.levels
    ]
    bounds = ("95 % from", "to")
    columns = ("Schedule", "Level", "Density", "Accuracy", *bounds, "Regret in points", *bounds, "Seeds diverged")
    return Table(
        "Test accuracy, and regret: how far it is below the oracle's curve on the same seeds", columns, tuple(rows)
    )
