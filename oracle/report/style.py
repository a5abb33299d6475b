"""What the report's figures share: colours, layout, and the axes for density and max_lr.

Figures are plain Plotly JSON (`{"data": [...], "layout": {...}}`), which Plotly.js draws as it is.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

from oracle.report import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from oracle.spec.metric import MetricSpec

Figure = dict[str, Any]
Trace = dict[str, Any]

# Okabe and Ito's colours, told apart by readers with any kind of colour vision.
BLUE, SKY, GREEN, VERMILLION, ORANGE, PURPLE = (
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#D55E00",
    "#E69F00",
    "#CC79A7",
)
INK, MUTED, RULE, PAPER = "#1d1f21", "#5f6368", "#e4e4e0", "#ffffff"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_MOST_LEVELS = 14
_MOST_RATES = 8


class Level(Protocol):
    """What the density axis needs to know of a level."""

    @property
    def level(self) -> int:
        """Number of prunings done."""
        ...

    @property
    def density(self) -> float:
        """Fraction of prunable weights left."""
        ...


def layout(levels: Sequence[Level], y_axis: dict[str, Any], y_title: str, height: int) -> dict[str, Any]:
    """Return the layout of a figure over density; all figures share it, so that their levels line up."""
    x_title = f"density in % <span style='color:{MUTED}'>and level</span>"
    return plain_layout(density_axis(levels), x_title, y_axis, y_title, height)


def plain_layout(
    x_axis: dict[str, Any], x_title: str, y_axis: dict[str, Any], y_title: str, height: int
) -> dict[str, Any]:
    """Return the layout that all figures share, whatever their axes."""
    return {
        "height": height,
        "margin": {"l": 76, "r": 16, "t": 16, "b": 64},
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "xaxis": _axis() | x_axis,
        "yaxis": _axis() | y_axis,
        "annotations": [
            _title(x_title, x=0.5, y=0, yshift=-54),
            _title(y_title, x=0, y=0.5, xshift=-62, textangle=-90),
        ],
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.03,
            "yanchor": "bottom",
            "font": {"size": 12},
            "itemsizing": "trace",
            "tracegroupgap": 0,
        },
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": MUTED, "font": {"color": INK}, "align": "left"},
    }


def density_axis(levels: Sequence[Level]) -> dict[str, Any]:
    """Return the density axis, with the dense network at the left and the level under each density."""
    every = math.ceil(len(levels) / _MOST_LEVELS)
    ticked = levels[::every]
    half = math.sqrt(density_step(levels))
    outer = [math.log10(levels[0].density / half), math.log10(levels[-1].density * half)]
    return {
        "type": "log",
        "range": outer,
        "tickvals": [lv.density for lv in ticked],
        "ticktext": [f"{_percent(lv.density)}<br><span style='color:{MUTED}'>{lv.level}</span>" for lv in ticked],
        "tickangle": 0,
        "showgrid": False,
    }


def _percent(density: float) -> str:
    """Return a density in percent with two significant digits: thirteen levels fit side by side on a telephone."""
    return f"{100 * density:.{2 if density < 0.995 else 3}g}"


def max_lr_axis(values: Iterable[float], pad: float = 0.08) -> dict[str, Any]:
    """Return a logarithmic axis for values of max_lr, with a margin of about `pad` of its length."""
    return log_axis(values, words.rate, pad)


def log_axis(values: Iterable[float], write: Callable[[float], str], pad: float = 0.08) -> dict[str, Any]:
    """Return a logarithmic axis for the values, with round ticks and a margin of about `pad` of its length."""
    values = list(values)
    room = max(max(values) / min(values), 1.5) ** pad
    low, high = min(values) / room, max(values) * room
    ticks = _ticks(low, high)
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": ticks,
        "ticktext": [write(tick) for tick in ticks],
    }


def density_step(levels: Sequence[Level]) -> float:
    """Return the usual ratio of a level's density to that of the level before."""
    ratios = [b.density / a.density for a, b in pairwise(levels)]
    return median(ratios) if ratios else 0.8


def value_axis(metric: MetricSpec) -> dict[str, Any]:
    """Return the axis of a metric's values, in its own units."""
    return {"ticksuffix": metric.suffix, "nticks": 8}


def translucent(colour: str, opacity: float) -> str:
    """Return a #rrggbb colour as rgba()."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _title(text: str, **place: float) -> dict[str, Any]:
    """Return an axis title at a fixed place; Plotly's own titles move with the length of the tick labels."""
    anchors = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "middle"}
    return {"text": text, "showarrow": False, "font": {"size": 13}} | anchors | place


def _axis() -> dict[str, Any]:
    return {
        "showline": True,
        "linecolor": MUTED,
        "gridcolor": RULE,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": MUTED,
        "ticklen": 4,
    }


def _ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= _MOST_RATES:
            break
    return ticks or [math.sqrt(low * high)]
