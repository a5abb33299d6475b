"""What the figures of a comparison draw with: paths, legends, and the frame around outliers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.report.comparison.looks import Look
    from oracle.report.style import Figure, Trace

_PER_ROW = 5
"""Legend entries that fit beside each other."""


def path(name: str, look: Look, x: Sequence[float], y: Sequence[float], texts: Sequence[str]) -> Trace:
    """Return a schedule's line with its markers."""
    return {
        "name": name,
        "legendrank": look.rank,
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(x),
        "y": list(y),
        "text": list(texts),
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": look.colour, "width": look.width, "dash": look.dash},
        "marker": marker(look),
    }


def marker(look: Look) -> dict[str, Any]:
    """Return a schedule's marker."""
    outline = {"width": 1.5} if look.symbol.endswith("open") else {"color": "white", "width": 1}
    return {"color": look.colour, "symbol": look.symbol, "size": look.size, "line": outline}


def with_legend(figure: Figure) -> Figure:
    """Return the figure, grown by what its legend takes up."""
    entries = sum(bool(trace.get("name")) and trace.get("showlegend", True) for trace in figure["data"])
    figure["layout"]["height"] += 20 * math.ceil(entries / _PER_ROW)
    figure["layout"] |= {"showlegend": True}
    figure["layout"]["legend"] |= {"itemwidth": 44, "maxheight": 0.6}
    return figure


@dataclass(frozen=True)
class Frame:
    """The range of values that a figure shows, so that one outlier does not squeeze all others into a line.

    Attributes:
        low: where the range begins.
        high: where it ends.
        outside: whether a value lies outside it.
        cut: whether an interval reaches beyond it.
    """

    low: float
    high: float
    outside: bool
    cut: bool


def frame(means: Sequence[float], bounds: Iterable[tuple[float, float]], point: float = 1.0) -> Frame:
    """Return the frame of values with intervals, both as they are drawn.

    Values that are further from the middle half than three times its width (Tukey's far outliers) stay outside.
    Intervals are shown beyond the values by at most the values' own range.

    Args:
        means: the values, at least one.
        bounds: their intervals.
        point: about how far apart values are that are drawn apart.
    """
    floor, roof = min(means), max(means)
    if len(means) > 3:
        first, _, third = quantiles(means, n=4, method="inclusive")
        reach = 3 * (third - first) or math.inf
        floor, roof = max(floor, first - reach), min(roof, third + reach)
    shown = [mean for mean in means if floor <= mean <= roof]
    low, high = min(shown), max(shown)
    room = max(high - low, point)
    ends = [end for bound in bounds for end in bound]
    cut = any(not low - room <= end <= high + room for end in ends)
    ends = [min(max(end, low - room), high + room) for end in ends]
    bottom, top = min([low, *ends]), max([high, *ends])
    pad = max(0.06 * (top - bottom), 0.25 * point)
    return Frame(bottom - pad, top + pad, outside=len(shown) < len(means), cut=cut)
