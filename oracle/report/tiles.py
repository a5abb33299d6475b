"""Tiles: what every candidate of every level has, as colours over density and max_lr."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from oracle.report.style import INK, layout, max_lr_axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oracle.report.style import Figure, Level, Trace
    from oracle.results.level_view import LevelView
    from oracle.spec.metric import MetricSpec


def usual_reach(levels: Iterable[Sequence[float]]) -> float:
    """Return half the candidates' usual spacing (log max_lr): how far a tile extends if no neighbour is nearer.

    Args:
        levels: the candidates of each level, ascending.
    """
    gaps = [math.log(after / before) for rates in levels for before, after in pairwise(rates)]
    return (median(gaps) if gaps else math.log(1.5)) / 2


def column(
    level: Level, rates: Sequence[float], values: Sequence[float], texts: Sequence[str], reach: float, step: float
) -> Trace:
    """Return one level's tiles. Levels may differ in their candidates; where a level has none, it stays empty.

    Args:
        level: its density is where they are.
        rates: its candidates, ascending, at least one.
        values: the colour of each.
        texts: what hovering over each says.
        reach: see `usual_reach`.
        step: ratio of a level's density to that of the level before.
    """
    edges: list[float] = []
    tiles: list[float | None] = []
    hovers: list[str] = []
    for value, text, (low, high) in zip(values, texts, _extents(rates, reach), strict=True):
        if edges and low > edges[-1] * (1 + 1e-9):
            edges.append(low)
            tiles.append(None)
            hovers.append("")
        edges += [high] if edges else [low, high]
        tiles.append(value)
        hovers.append(text)
    return {
        "type": "heatmap",
        "x": [level.density * step**-0.5, level.density * step**0.5],
        "y": edges,
        "z": [[tile] for tile in tiles],
        "text": [[hover] for hover in hovers],
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
        "coloraxis": "coloraxis",
        "xgap": 1.5,
        "ygap": 1.5,
    }


def figure(
    levels: Sequence[LevelView],
    columns: Sequence[Trace],
    over: Sequence[Trace],
    colours: Mapping[str, Any],
    *,
    top: int,
) -> Figure:
    """Return the figure of tiles, with what is drawn over them.

    Args:
        levels: all that the density axis shows.
        columns: one for each level that has candidates.
        over: marks and lines.
        colours: the colour axis.
        top: margin for legend and colour bar, in pixels.
    """
    rows = [edge for one in columns for edge in one["y"]]
    drawn: Figure = {
        "data": [*columns, *over],
        "layout": layout(levels, max_lr_axis(rows, pad=0) | {"showgrid": False}, "max_lr", height=470),
    }
    drawn["layout"]["coloraxis"] = dict(colours)
    drawn["layout"]["legend"] |= {"orientation": "v", "y": 1.0}
    drawn["layout"]["margin"] |= {"t": top, "autoexpand": False}
    return drawn


def colours_of(metric: MetricSpec, floor: float, best: float) -> dict[str, Any]:
    """Return the colour axis of values: the better, the brighter, whichever way that is.

    Args:
        metric: that the values are of.
        floor: the score at which the colours start.
        best: the highest score.
    """
    ends = [metric.factor * metric.value(score) for score in (floor, best)]
    low, high = min(ends), max(ends)
    if low == high:  # all are equal, and have one end's colour
        low, high = (low, low + metric.point) if metric.goal == "max" else (high - metric.point, high)
    turned = {} if metric.goal == "max" else {"reversescale": True}
    return {"colorscale": "Cividis", **turned, "cmin": low, "cmax": high}


def colour_bar(title: str) -> dict[str, Any]:
    """Return the bar that explains the colours, at the upper right."""
    return {
        "orientation": "h",
        "x": 1,
        "xanchor": "right",
        "y": 1.0,
        "yanchor": "bottom",
        "len": 0.45,
        "thickness": 10,
        "outlinewidth": 0,
        "title": {"text": title, "side": "top", "font": {"size": 12}},
    }


def marks(name: str, symbol: str, places: Sequence[tuple[float, float]]) -> list[Trace]:
    """Return a mark on each tile at (density, `max_lr`), under a name in the legend; nothing if there is none."""
    return [
        {
            "name": name,
            "type": "scatter",
            "mode": "markers",
            "x": [density for density, _ in places],
            "y": [max_lr for _, max_lr in places],
            "hoverinfo": "skip",
            "marker": {"symbol": symbol, "color": "white", "size": 8, "line": {"color": INK, "width": 1}},
        }
    ] * bool(places)


def path(levels: Sequence[LevelView], name: str) -> list[Trace]:
    """Return the line from winner to winner over tiles, under a name in the legend."""
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
        "name": name,
        "mode": "lines+markers",
        "showlegend": True,
        "line": {"color": INK, "width": 2},
        "marker": {"color": "white", "size": 9, "line": {"color": INK, "width": 2}},
    }
    return [halo, line] if decided else []


def _extents(rates: Sequence[float], reach: float) -> list[tuple[float, float]]:
    """Return each candidate's tile: half way to a neighbour if there is one nearby, otherwise as far as `reach`."""
    spread = math.exp(reach)
    meetings = [
        (math.sqrt(a * b),) * 2 if b / a < spread**2.5 else (a * spread, b / spread) for a, b in pairwise(rates)
    ]
    lows = [rates[0] / spread, *(low for _, low in meetings)]
    highs = [*(high for high, _ in meetings), rates[-1] * spread]
    return list(zip(lows, highs, strict=True))
