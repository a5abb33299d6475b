"""Drawing levels' intervals over density: bands, bars, triangles at open bounds, and crosses at gaps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, groupby
from typing import TYPE_CHECKING

from oracle.report.style import INK, MUTED, ORANGE, PURPLE, Level, Trace, density_step, translucent
from oracle.report.words import GAPS
from oracle.results.intervals import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import Interval

    Intervals = Sequence[Interval | None]
    """One per level."""


@dataclass(frozen=True)
class IntervalLook:
    """How the intervals of a rule are drawn in a figure that shows several rules.

    Attributes:
        said: words for the caption, which the interval's name follows.
        colour: colour of the band or the bars.
        marks: colour of the triangles at open bounds, and the word for it.
        away: pixels between an open bound and its triangle, so that the triangles of two rules do not overlap.
        filled: whether to draw a band; if not, bars.
        aside: how far to the side of the level, as a fraction of the space between two levels.
    """

    said: str
    colour: str
    marks: tuple[str, str]
    away: int
    filled: bool = False
    aside: float = 0.0


_LOOKS = (
    IntervalLook("The grey band is", MUTED, (MUTED, "grey"), away=12, filled=True),
    IntervalLook("The black bars are", translucent(INK, 0.65), (INK, "black"), away=23),
    IntervalLook("The orange bars are", ORANGE, (ORANGE, "orange"), away=12, aside=-0.2),
    IntervalLook("The purple bars are", PURPLE, (PURPLE, "purple"), away=12, aside=0.2),
)


def interval_looks() -> dict[str, IntervalLook]:
    """Return the look of each rule's intervals, in the order of the rules."""
    return dict(zip(RULES, cycle(_LOOKS), strict=False))


def drawn(name: str, look: IntervalLook, levels: Sequence[Level], intervals: Intervals, rank: int) -> list[Trace]:
    """Return a rule's intervals in their look, without the triangles at open bounds."""
    if look.filled:
        return band(name, levels, intervals, look.colour, rank, opacity=0.15)
    return bars(name, levels, intervals, look.colour, 1.2, rank, look.aside)


def band(
    name: str, levels: Sequence[Level], intervals: Intervals, colour: str, rank: int, opacity: float = 0.25
) -> list[Trace]:
    """Return one filled band per unbroken stretch of levels with an interval, all under one legend entry."""
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
                "fillcolor": translucent(colour, opacity),
                "line": {"width": 0, "color": colour},
                "hoverinfo": "skip",
            }
        )
    return traces


def bars(
    name: str,
    levels: Sequence[Level],
    intervals: Intervals,
    colour: str,
    width: float,
    rank: int,
    aside: float = 0.0,
) -> list[Trace]:
    """Return a bar from bound to bound at each level that has an interval."""
    judged = _judged(levels, intervals, aside)
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


def open_bounds(
    levels: Sequence[Level], intervals: Intervals, colour: str, away: int = 12, aside: float = 0.0
) -> list[Trace]:
    """Return triangles that point outwards, `away` pixels beyond each open bound."""
    judged = _judged(levels, intervals, aside)
    marks = [(density, i.high, 180) for density, i in judged if i.high_open]
    marks += [(density, i.low, 0) for density, i in judged if i.low_open]
    if not marks:
        return []
    angles = [angle for _, _, angle in marks]
    marker = {"symbol": "triangle-down-open", "angle": angles, "standoff": away, "size": 10, "color": colour}
    return [_marks("open bound", [mark[:2] for mark in marks], marker) | {"cliponaxis": False}]


def gaps(levels: Sequence[Level], intervals: Intervals, colour: str, aside: float = 0.0) -> list[Trace]:
    """Return a cross at each gap of the intervals."""
    found = [(density, gap) for density, i in _judged(levels, intervals, aside) for gap in i.gaps]
    return [_marks("gap", found, {"symbol": "x-thin-open", "size": 8, "color": colour})] if found else []


def _marks(name: str, points: Sequence[tuple[float, float]], marker: Trace) -> Trace:
    """Return marks at points (density, `max_lr`) that the legend does not show and the mouse does not read."""
    return {
        "name": name,
        "showlegend": False,
        "type": "scatter",
        "mode": "markers",
        "x": [density for density, _ in points],
        "y": [max_lr for _, max_lr in points],
        "hoverinfo": "skip",
        "marker": marker | {"line": {"width": 1.8}},
    }


def explained(intervals: Intervals, colours: str = "") -> str:
    """Return what the marks at these intervals mean, for a caption; empty if there is none.

    Args:
        intervals: all that a figure shows.
        colours: which colour is which rule's, in parentheses, after a space.
    """
    found = [i for i in intervals if i]
    texts = []
    if any(i.low_open or i.high_open for i in found):
        texts.append(f"A hollow triangle marks an open bound: the interval reaches beyond the candidates{colours}.")
    if any(i.gaps for i in found):
        texts.append(f"A cross marks a gap. {GAPS}")
    return " ".join(texts)


def _judged(levels: Sequence[Level], intervals: Intervals, aside: float) -> list[tuple[float, Interval]]:
    """Return the intervals that are not None, each with its place on the density axis."""
    moved = density_step(levels) ** aside
    return [(level.density * moved, i) for level, i in zip(levels, intervals, strict=True) if i]
