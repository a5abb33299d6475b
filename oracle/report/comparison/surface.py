"""The figure of the oracle's surface: what every candidate reached at every level, and the schedules' paths over it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.marks import with_legend
from oracle.report.comparison.schedules import paths, rates
from oracle.report.comparison.table import Table
from oracle.report.heatmap import CLIP_QUANTILE
from oracle.report.plate import Plate
from oracle.report.style import Figure, Trace, density_step, layout, max_lr_axis
from oracle.report.tiles import colours_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison import Comparison, OracleLevel
    from oracle.spec.metric import MetricSpec

_ALONE = 1.2
"""How far a tile extends, as a factor, if its level has only one candidate."""


def plate(comparison: Comparison) -> Plate:
    """Return the figure of the surface."""
    floor, metric = _floor(comparison.levels), comparison.metric
    caption = (
        f"Mean validation {metric.name} of every candidate on the seeds that the oracle chose its winners on; each "
        "candidate's colour reaches half way to the next one. To show the differences near the top, the colours start "
        f"at {metric.write(metric.value(floor))}. Where a schedule leaves the coloured area, nothing was tried."
    )
    return Plate("The oracle's surface", figure(comparison), caption, (_table(comparison), rates(comparison)))


def figure(comparison: Comparison) -> Figure:
    """Return the heat map with the schedules' paths as Plotly JSON."""
    levels = comparison.levels
    columns = [_column(level, density_step(levels), comparison.metric) for level in levels]
    lines = paths(comparison)
    rows = [edge for column in columns for edge in column["y"]]
    rows += [value for line in lines for value in line["y"]]
    drawn = layout(levels, max_lr_axis(rows, pad=0.01) | {"showgrid": False}, "max_lr", height=500)
    drawn["coloraxis"] = _colours(levels, comparison.metric)
    drawn["margin"] |= {"r": 92}
    lines = [line | {"legendgroup": line["name"]} for line in lines]
    return with_legend({"data": [*columns, *map(_halo, lines), *lines], "layout": drawn})


def _means(level: OracleLevel) -> list[tuple[float, float]]:
    """Return a level's candidates with their mean scores."""
    return [(max_lr, mean) for max_lr in sorted(level.scores) if (mean := level.mean(max_lr)) is not None]


def _floor(levels: Sequence[OracleLevel]) -> float:
    """Return the score below which all tiles share the darkest colour."""
    ordered = sorted(mean for level in levels for _, mean in _means(level))
    return ordered[int(CLIP_QUANTILE * (len(ordered) - 1))]


def _column(level: OracleLevel, step: float, metric: MetricSpec) -> dict[str, Any]:
    tiles = _means(level)
    best = max(mean for _, mean in tiles)
    texts = [
        f"level {level.level}, max_lr <b>{words.rate(max_lr)}</b><br>"
        f"validation {metric.write(metric.value(mean))}, "
        + (
            f"{words.loss(best - mean, metric)}{metric.points} {metric.below} the level's best"
            if mean < best
            else "the level's best"
        )
        + f"<br>{words.count(level.seeds, 'seed')}"
        for max_lr, mean in tiles
    ]
    return {
        "type": "heatmap",
        "x": [level.density * step**-0.5, level.density * step**0.5],
        "y": _edges([max_lr for max_lr, _ in tiles]),
        "z": [[metric.factor * metric.value(mean)] for _, mean in tiles],
        "text": [[text] for text in texts],
        "hovertemplate": "%{text}<extra></extra>",
        "coloraxis": "coloraxis",
        "xgap": 1,
        "ygap": 1,
    }


def _edges(rates: Sequence[float]) -> list[float]:
    """Return the tiles' edges: half way between candidates; the outermost tiles extend equally to both sides."""
    if len(rates) == 1:
        return [rates[0] / _ALONE, rates[0] * _ALONE]
    inner = [math.sqrt(a * b) for a, b in pairwise(rates)]
    return [rates[0] ** 2 / inner[0], *inner, rates[-1] ** 2 / inner[-1]]


def _halo(line: Trace) -> Trace:
    """Return a white line under a schedule's path, so that the path can be seen on any colour."""
    under = line["line"] | {"color": "rgba(255,255,255,0.85)", "width": line["line"]["width"] + 2.5, "dash": "solid"}
    kept = {key: line[key] for key in ("name", "legendgroup", "type", "x", "y")}
    return kept | {"mode": "lines", "line": under, "showlegend": False, "hoverinfo": "skip"}


def _colours(levels: Sequence[OracleLevel], metric: MetricSpec) -> dict[str, Any]:
    best = max(mean for level in levels for _, mean in _means(level))
    return colours_of(metric, _floor(levels), best) | {
        "colorbar": {
            "x": 1.01,
            "thickness": 11,
            "outlinewidth": 0,
            "ticksuffix": metric.suffix,
            "nticks": 8,
            "title": {"text": f"mean validation {metric.name}", "side": "right", "font": {"size": 12}},
        },
    }


def _table(comparison: Comparison) -> Table:
    rows = tuple(
        (
            table.whole(level.level),
            table.density(level.density),
            table.rate(max_lr),
            table.score(mean, comparison.metric),
            table.whole(level.seeds),
        )
        for level in comparison.levels
        for max_lr, mean in _means(level)
    )
    columns = ("Level", "Density", "max_lr", f"Mean validation {comparison.metric.name}", "Seeds")
    return Table("The surface: every candidate at every level", columns, rows)
