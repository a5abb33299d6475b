"""The figure of the oracle curve: the winner of each level, its intervals, and S-Cyc's default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.intervals import drawn, explained, gaps, interval_looks, open_bounds
from oracle.report.plate import Plate, no_winner, shown_levels
from oracle.report.style import BLUE, GREEN, PURPLE, VERMILLION, Figure, Trace, layout, max_lr_axis
from oracle.results.intervals import RULES
from scyc.schedules import PRESETS, SCyc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.results.study_view import LevelView, StudyView

AUTHORS = PRESETS["resnet20-cifar10"]


def plate(view: StudyView) -> Plate:
    """Return the figure of max_lr over density."""
    title, levels = "The oracle curve", shown_levels(view)
    if not any(lv.winner is not None for lv in levels):
        return Plate(title, None, f"{no_winner(levels)}, so there is no curve to draw.")
    return Plate(title, _figure(view, levels), " ".join(_caption(view, levels)))


def _caption(view: StudyView, levels: Sequence[LevelView]) -> Iterator[str]:
    yield "The best max_lr at each density, dense network at the left; both axes are logarithmic."
    if any(lv.silence for lv in levels):
        yield "Levels that say nothing about max_lr are left out."
    looks = interval_looks()
    for rule, look in looks.items():
        if any(lv.intervals[rule] for lv in levels):
            yield f"{look.said} the “{rule}” interval."
        else:
            yield f"No “{rule}” interval could be judged; it needs {RULES[rule].needs}."
    colours = ", ".join(f"{look.marks[1]} for “{rule}”" for rule, look in looks.items())
    if marks := explained([interval for lv in levels for interval in lv.intervals.values()], f" ({colours})"):
        yield marks
    yield (
        "The dotted line has the values that S-Cyc's authors use for ResNet-20 on CIFAR-10; another network may need "
        "quite different ones."
    )
    if scaled(view, levels):
        yield (
            "The dashed line has the same shape, with this study's pruning rate, and scaled to start at this study's "
            "dense winner. It is not fitted."
        )


def _figure(view: StudyView, levels: Sequence[LevelView]) -> Figure:
    bands: list[Trace] = []
    bars: list[Trace] = []
    marks: list[Trace] = []
    for rank, (rule, look) in enumerate(interval_looks().items(), start=3):
        intervals = [lv.intervals[rule] for lv in levels]
        (bands if look.filled else bars).extend(drawn(f"“{rule}” interval", look, levels, intervals, rank))
        marks += open_bounds(levels, intervals, look.marks[0], look.away, look.aside)
        marks += gaps(levels, intervals, look.marks[0], look.aside)
    data = [*bands, *_schedules(view, levels), *bars, *marks, *_winners(levels)]
    values = [value for trace in data for value in trace["y"] if value is not None]
    return {"data": data, "layout": layout(levels, max_lr_axis(values), "max_lr", height=500)}


def scaled(view: StudyView, levels: Sequence[LevelView]) -> SCyc | None:
    """Return the authors' default S-Cyc, scaled to the study: with its pruning rate, and its dense winner as δ.

    None if level 0 is not decided.
    """
    dense = levels[0]
    if dense.level != 0 or dense.winner is None:
        return None
    epsilon = AUTHORS.epsilon * dense.winner / AUTHORS.delta
    return SCyc(delta=dense.winner, epsilon=epsilon, beta=AUTHORS.beta, q=AUTHORS.q, p=view.spec.pruning.rate)


def _winners(levels: Sequence[LevelView]) -> list[Trace]:
    decided = [lv for lv in levels if lv.winner is not None]
    edges = [lv for lv in decided if lv.edge]
    line = {
        "name": "oracle: best max_lr",
        "legendrank": 1,
        "type": "scatter",
        "mode": "lines+markers",
        "x": [lv.density for lv in decided],
        "y": [lv.winner for lv in decided],
        "text": [_describe(lv) for lv in decided],
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": BLUE, "width": 2.5},
        "marker": {"color": BLUE, "size": 8, "line": {"color": "white", "width": 1}},
    }
    rings = {
        "name": "winner on the edge of its candidates",
        "legendrank": 2,
        "type": "scatter",
        "mode": "markers",
        "x": [lv.density for lv in edges],
        "y": [lv.winner for lv in edges],
        "hoverinfo": "skip",
        "marker": {"symbol": "square-open", "color": VERMILLION, "size": 16, "line": {"width": 2.5}},
    }
    return [line, rings] if edges else [line]


def _describe(level: LevelView) -> str:
    lines = [
        f"<b>level {level.level}</b>, {words.density(level.density)} density",
        f"best max_lr <b>{words.rate(level.winner or 0.0)}</b>" + " (on the edge)" * level.edge,
        *(f"{rule} {words.interval(interval)}" for rule, interval in level.intervals.items()),
    ]
    if level.winning:
        lines.append(f"validation accuracy {words.accuracy(level.winning.val_accuracy)}")
    return "<br>".join(lines)


def _schedules(view: StudyView, levels: Sequence[LevelView]) -> list[Trace]:
    """Return S-Cyc's default as published and, if level 0 is decided, scaled to its winner."""
    traces = [_schedule("S-Cyc, authors' ResNet-20 values", AUTHORS, levels, PURPLE, "dot")]
    if ours := scaled(view, levels):
        traces.append(_schedule("S-Cyc's default shape, scaled, not fitted", ours, levels, GREEN, "dash"))
    return traces


def _schedule(name: str, schedule: SCyc, levels: Sequence[LevelView], colour: str, dash: str) -> Trace:
    return {
        "name": name,
        "type": "scatter",
        "mode": "lines",
        "x": [lv.density for lv in levels],
        "y": [schedule(lv.level) for lv in levels],
        "text": [f"{name}<br>level {lv.level}: {words.rate(schedule(lv.level))}" for lv in levels],
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": colour, "width": 2, "dash": dash},
    }
