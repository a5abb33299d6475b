"""Intervals of levels over their densities: bands, bars, and triangles where a bound is open."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from oracle.report.style import Level, Trace, density_step, translucent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import Interval

    Intervals = Sequence[Interval | None]
    """One per level."""


def is_open(interval: Interval | None) -> bool:
    """Return whether a bound of the interval is open."""
    return interval is not None and (interval.low_open or interval.high_open)


def band(name: str, levels: Sequence[Level], intervals: Intervals, colour: str, rank: int) -> list[Trace]:
    """Return one filled band per unbroken stretch of levels that have an interval, in one legend entry."""
    traces: list[Trace] = []
    step = density_step(levels)
    for judged, stretch in groupby(zip(levels, intervals, strict=True), key=lambda pair: pair[1] is not None):
        if not judged:
            continue
        edges = [(level.density, i.low, i.high) for level, i in stretch if i]
        if len(edges) == 1:  # a level on its own gets some width to be seen
            density, *bounds = edges[0]
            edges = [(density * step**-0.2, *bounds), (density * step**0.2, *bounds)]
        x, low, high = map(list, zip(*edges, strict=True))
        traces.append(
            {
                "name": name,
                "legendrank": rank,
                "legendgroup": name,
                "showlegend": not traces,
                "type": "scatter",
                "mode": "lines",
                "x": x + x[::-1],
                "y": high + low[::-1],
                "fill": "toself",
                "fillcolor": translucent(colour, 0.25),
                "line": {"width": 0, "color": colour},
                "hoverinfo": "skip",
            }
        )
    return traces


def bars(name: str, levels: Sequence[Level], intervals: Intervals, colour: str, width: float, rank: int) -> list[Trace]:
    """Return a bar from bound to bound at each level that has an interval."""
    judged = [(level.density, i) for level, i in zip(levels, intervals, strict=True) if i]
    if not judged:
        return []
    return [
        {
            "name": name,
            "legendrank": rank,
            "type": "scatter",
            "mode": "lines+markers",
            "x": [x for density, _ in judged for x in (density, density, None)],
            "y": [y for _, i in judged for y in (i.low, i.high, None)],
            "hoverinfo": "skip",
            "line": {"color": colour, "width": width},
            "marker": {"symbol": "line-ew-open", "size": 9, "color": colour, "line": {"width": width}},
        }
    ]


def open_bounds(levels: Sequence[Level], intervals: Intervals, colour: str, away: int = 12) -> list[Trace]:
    """Return triangles that point from open bounds to where the interval goes on, `away` pixels off the bound."""
    judged = [(level.density, i) for level, i in zip(levels, intervals, strict=True) if i]
    marks = [(density, i.high, 180) for density, i in judged if i.high_open]
    marks += [(density, i.low, 0) for density, i in judged if i.low_open]
    if not marks:
        return []
    x, y, angles = zip(*marks, strict=True)
    return [
        {
            "name": "open bound",
            "showlegend": False,
            "type": "scatter",
            "mode": "markers",
            "x": list(x),
            "y": list(y),
            "hoverinfo": "skip",
            "cliponaxis": False,
            "marker": {
                "symbol": "triangle-down-open",
                "angle": list(angles),
                "standoff": away,
                "size": 10,
                "color": colour,
                "line": {"width": 1.8},
            },
        }
    ]
