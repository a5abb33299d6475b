"""The figure of the oracle curve: the best of each level with its bands, winners, intervals, and S-Cyc's default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.bands import bands, curve, read
from oracle.report.intervals import drawn, explained, gaps, interval_looks, open_bounds
from oracle.report.plate import Plate, no_winner, shown_levels
from oracle.report.style import GREEN, INK, VERMILLION, Figure, Trace, layout, max_lr_axis
from oracle.results.intervals import RULES
from scyc.schedules import PRESETS, SCyc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.results.best import LevelBest
    from oracle.results.level_view import LevelView
    from oracle.results.study_view import StudyView

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
    yield from read(view.best)
    yield "The black dots are the winners, the candidates with the best mean."
    looks = interval_looks()
    for rule, look in looks.items():
        if not any(lv.intervals[rule] for lv in levels):
            yield f"No “{rule}” interval could be judged; it needs {RULES[rule].needs}."
        else:
            yield f"{look.said} the “{rule}” interval{', of each level by itself' * look.filled}."
    if any(lv.intervals[rule] for lv in levels for rule, look in looks.items() if not look.filled):
        yield "Bars appear when their name in the legend is clicked."
    colours = ", ".join(f"{look.marks[1]} for “{rule}”" for rule, look in looks.items())
    if marks := explained([interval for lv in levels for interval in lv.intervals.values()], f" ({colours})"):
        yield marks
    if scaled(view, levels):
        yield (
            "The dashed line has the shape that S-Cyc's authors use for ResNet-20 on CIFAR-10, with this study's "
            "pruning rate, and scaled to start at this study's dense winner. It is not fitted."
        )


def _figure(view: StudyView, levels: Sequence[LevelView]) -> Figure:
    behind: list[Trace] = []
    asked_for: list[Trace] = []
    for rank, (rule, look) in enumerate(interval_looks().items(), start=6):
        intervals = [lv.intervals[rule] for lv in levels]
        shown = drawn(f"“{rule}” interval", look, levels, intervals, rank)
        shown += open_bounds(levels, intervals, look.marks[0], look.away, look.aside)
        shown += gaps(levels, intervals, look.marks[0], look.aside)
        if look.filled:
            behind += shown
        else:  # all at once are too many to read: each appears when its entry in the legend is clicked
            asked_for += [trace | {"legendgroup": rule, "visible": "legendonly"} for trace in shown]
    texts = [_describe(level, view.best.levels.get(level.level)) for level in levels]
    data = [
        *behind,
        *bands(view.best, levels),
        *_s_cyc(view, levels),
        *asked_for,
        *curve(view.best, levels, texts),
        *_winners(levels, texts),
    ]
    values = [value for trace in data for value in trace["y"] if value is not None]
    return {"data": data, "layout": layout(levels, max_lr_axis(values), "max_lr", height=560)}


def scaled(view: StudyView, levels: Sequence[LevelView]) -> SCyc | None:
    """Return the authors' default S-Cyc, scaled to the study: with its pruning rate, and its dense winner as δ.

    None if level 0 is not decided.
    """
    dense = levels[0]
    if dense.level != 0 or dense.winner is None:
        return None
    epsilon = AUTHORS.epsilon * dense.winner / AUTHORS.delta
    return SCyc(delta=dense.winner, epsilon=epsilon, beta=AUTHORS.beta, q=AUTHORS.q, p=view.spec.pruning.rate)


def _winners(levels: Sequence[LevelView], texts: Sequence[str]) -> list[Trace]:
    decided = [(lv, text) for lv, text in zip(levels, texts, strict=True) if lv.winner is not None]
    edges = [lv for lv, _ in decided if lv.edge]
    dots = {
        "name": "oracle's winner (best mean)",
        "legendrank": 4,
        "type": "scatter",
        "mode": "markers",
        "x": [lv.density for lv, _ in decided],
        "y": [lv.winner for lv, _ in decided],
        "text": [text for _, text in decided],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": INK, "size": 6},
    }
    rings = {
        "name": "winner on the edge of its candidates",
        "legendrank": 5,
        "type": "scatter",
        "mode": "markers",
        "x": [lv.density for lv in edges],
        "y": [lv.winner for lv in edges],
        "hoverinfo": "skip",
        "marker": {"symbol": "square-open", "color": VERMILLION, "size": 16, "line": {"width": 2.5}},
    }
    return [dots, rings] if edges else [dots]


def _describe(level: LevelView, best: LevelBest | None) -> str:
    lines = [f"<b>level {level.level}</b>, {words.density(level.density)} density"]
    if best:
        lines += [f"best max_lr <b>{words.best(best)}</b>", words.known_in_full(best, level.metric)]
    if level.winner is not None:
        lines.append(f"winner {words.rate(level.winner)}" + " (on the edge)" * level.edge)
    lines += [f"{rule} {words.interval(interval)}" for rule, interval in level.intervals.items()]
    if level.winning:
        lines.append(f"the winner's validation {level.metric.name} {level.metric.write(level.winning.val)}")
    return "<br>".join(lines)


def _s_cyc(view: StudyView, levels: Sequence[LevelView]) -> list[Trace]:
    """Return S-Cyc's default shape, scaled to the dense winner; nothing if level 0 is not decided."""
    if (schedule := scaled(view, levels)) is None:
        return []
    name = "S-Cyc's shape, scaled, not fitted"
    return [
        {
            "name": name,
            "type": "scatter",
            "mode": "lines",
            "x": [lv.density for lv in levels],
            "y": [schedule(lv.level) for lv in levels],
            "text": [f"{name}<br>level {lv.level}: {words.rate(schedule(lv.level))}" for lv in levels],
            "hovertemplate": "%{text}<extra></extra>",
            "line": {"color": GREEN, "width": 2, "dash": "dash"},
        }
    ]
