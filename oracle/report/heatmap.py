"""The heat map: the mean validation accuracy of every candidate at every level, and the winners' path."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.plate import Plate, shown_levels
from oracle.report.style import INK, Figure, density_step, layout, max_lr_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.level_view import CandidateView, LevelView
    from oracle.results.study_view import StudyView

CLIP_QUANTILE = 0.25
"""Below this quantile, all tiles have the same colour, so that colours can differ near the top."""


def plate(view: StudyView) -> Plate:
    """Return the figure of accuracy over density and max_lr."""
    title, levels = "Accuracy of every candidate", shown_levels(view)
    accuracies = [c.val_accuracy for lv in levels for c in lv.candidates]
    if not accuracies:
        return Plate(title, None, "No candidate has finished training yet.")
    floor = clipped_at(levels)
    below = sum(accuracy < floor for accuracy in accuracies)
    caption = (
        "Mean validation accuracy over the seeds that have finished. What was not trained is empty. "
        f"To show the differences near the top, the colours start at {words.accuracy(floor)}"
    )
    if below:
        verb = "has" if below == 1 else "have"
        caption += f"; {words.count(below, 'candidate')} below that {verb} the darkest colour"
    return Plate(title, _figure(levels), caption + ".")


def _figure(levels: Sequence[LevelView]) -> Figure:
    shown = [lv for lv in levels if lv.candidates]
    reach, step = _reach(shown), density_step(levels)
    columns = [_column(lv, reach, step) for lv in shown]
    rows = [edge for column in columns for edge in column["y"]]
    figure: Figure = {
        "data": [*columns, *_diverged(shown), *_path(shown)],
        "layout": layout(levels, max_lr_axis(rows, pad=0) | {"showgrid": False}, "max_lr", height=470),
    }
    figure["layout"]["coloraxis"] = _colours(shown)
    figure["layout"]["legend"] |= {"orientation": "v", "y": 1.0}
    figure["layout"]["margin"] |= {"t": 64, "autoexpand": False}
    return figure


def clipped_at(levels: Sequence[LevelView]) -> float:
    """Return the accuracy below which all tiles have the darkest colour."""
    ordered = sorted(c.val_accuracy for lv in levels for c in lv.candidates)
    return ordered[int(CLIP_QUANTILE * (len(ordered) - 1))]


def _reach(levels: Sequence[LevelView]) -> float:
    """Return half the candidates' usual spacing (log max_lr): how far a tile extends if no neighbour is nearer."""
    gaps = [math.log(b.max_lr / a.max_lr) for lv in levels for a, b in pairwise(lv.candidates)]
    return (median(gaps) if gaps else math.log(1.5)) / 2


def _column(level: LevelView, reach: float, step: float) -> dict[str, Any]:
    """Return one level's tiles. Levels may differ in their candidates; where a level has none, it stays empty."""
    best = max(c.val_accuracy for c in level.candidates)
    edges: list[float] = []
    tiles: list[float | None] = []
    texts: list[str] = []
    extents = _extents([c.max_lr for c in level.candidates], reach)
    for candidate, (low, high) in zip(level.candidates, extents, strict=True):
        if edges and low > edges[-1] * (1 + 1e-9):
            edges.append(low)
            tiles.append(None)
            texts.append("")
        edges += [high] if edges else [low, high]
        tiles.append(100 * candidate.val_accuracy)
        texts.append(_describe(level, candidate, best))
    return {
        "type": "heatmap",
        "x": [level.density * step**-0.5, level.density * step**0.5],
        "y": edges,
        "z": [[tile] for tile in tiles],
        "text": [[text] for text in texts],
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
        "coloraxis": "coloraxis",
        "xgap": 1.5,
        "ygap": 1.5,
    }


def _extents(rates: Sequence[float], reach: float) -> list[tuple[float, float]]:
    """Return each candidate's tile: half way to a neighbour if there is one nearby, otherwise as far as `reach`."""
    spread = math.exp(reach)
    meetings = [
        (math.sqrt(a * b),) * 2 if b / a < spread**2.5 else (a * spread, b / spread) for a, b in pairwise(rates)
    ]
    lows = [rates[0] / spread, *(low for _, low in meetings)]
    highs = [*(high for high, _ in meetings), rates[-1] * spread]
    return list(zip(lows, highs, strict=True))


def _describe(level: LevelView, candidate: CandidateView, best: float) -> str:
    behind = 100 * (best - candidate.val_accuracy)
    lines = [
        f"<b>level {level.level}</b>, max_lr <b>{words.rate(candidate.max_lr)}</b>",
        f"validation {words.accuracy(candidate.val_accuracy)}"
        + (f", {behind:.1f} points below the level's best" if behind else ", the level's best"),
        f"test {words.accuracy(candidate.test_accuracy)}",
        words.count(candidate.seeds, "seed") + (f", {candidate.diverged} diverged" if candidate.diverged else ""),
    ]
    return "<br>".join(lines)


def _colours(levels: Sequence[LevelView]) -> dict[str, Any]:
    low = 100 * clipped_at(levels)
    high = 100 * max(c.val_accuracy for lv in levels for c in lv.candidates)
    return {
        "colorscale": "Cividis",
        "cmin": low,
        "cmax": high if high > low else low + 1,
        "colorbar": {
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1.0,
            "yanchor": "bottom",
            "len": 0.45,
            "thickness": 10,
            "outlinewidth": 0,
            "ticksuffix": "\u202f%",
            "nticks": 6,
            "title": {"text": "mean validation accuracy", "side": "top", "font": {"size": 12}},
        },
    }


def _path(levels: Sequence[LevelView]) -> list[dict[str, Any]]:
    decided = [lv for lv in levels if lv.winner is not None]
    trace = {
        "type": "scatter",
        "x": [lv.density for lv in decided],
        "y": [lv.winner for lv in decided],
        "hoverinfo": "skip",
        "showlegend": False,
    }
    halo = trace | {"mode": "lines", "line": {"color": "white", "width": 5}}
    line = trace | {
        "name": "best max_lr of each level",
        "mode": "lines+markers",
        "showlegend": True,
        "line": {"color": INK, "width": 2},
        "marker": {"color": "white", "size": 9, "line": {"color": INK, "width": 2}},
    }
    return [halo, line] if decided else []


def _diverged(levels: Sequence[LevelView]) -> list[dict[str, Any]]:
    tiles = [(lv.density, c.max_lr) for lv in levels for c in lv.candidates if c.diverged]
    if not tiles:
        return []
    x, y = zip(*tiles, strict=True)
    return [
        {
            "name": "at least one seed diverged",
            "type": "scatter",
            "mode": "markers",
            "x": list(x),
            "y": list(y),
            "hoverinfo": "skip",
            "marker": {"symbol": "x", "color": "white", "size": 8, "line": {"color": INK, "width": 1}},
        }
    ]
