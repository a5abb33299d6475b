"""Signs and masks along the levels, as one self-contained page."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.results.sign_analysis import Analysis, LevelAnalysis

HEADINGS = ("level", "density", "as dense", "as rewind point", "as level before", "overlap", "by chance", "in layers")
LINES = {  # the page's figure: by reference (label, colour of Okabe and Ito's, marker)
    "dense": ("trained dense network", "#0072B2", "circle"),
    "rewind": ("rewind point", "#D55E00", "square"),
    "previous": ("trained level before", "#009E73", "diamond"),
}
READING = (
    "The fraction of the remaining weights whose sign is the same as in the trained dense network, at the rewind point "
    "(training step {step} of the dense network) and in the level before, as a mean over the seeds; chance would give "
    "50 %. The overlap is the Jaccard index of the masks of two seeds, beside that of equally dense random masks: over "
    "the whole network (by chance), and layer by layer (in layers). Hidden units of two seeds have no common order, so "
    "only next to the network's inputs and outputs, which all seeds share, can the overlap be more than chance."
)


def page(analysis: Analysis) -> str:
    """Return the analysis as one self-contained HTML page."""
    from plotly.offline import get_plotlyjs

    title = escape(f"{analysis.study}: signs and masks of {analysis.run}")
    drawn = json.dumps(figure(analysis.levels), allow_nan=False).replace("<", "\\u003c")
    names, rows = _by_layer(analysis.levels)
    return "\n".join(
        [
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1"><style>',
            "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d1f21}",
            "table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}",
            "th,td{text-align:right;padding:.2rem .7rem;border-bottom:1px solid #e4e4e0}</style></head><body>",
            f"<h1>{title}</h1>",
            '<div id="signs" role="img" aria-label="Sign agreement over density; the table has the values."></div>',
            f"<p>{escape(READING.format(step=analysis.rewind_step))}</p>",
            *(f"<p>{escape(note)}</p>" for note in analysis.notes),
            "<h2>Levels</h2>",
            _table(HEADINGS, [row(level) for level in analysis.levels]),
            "<h2>Layers: the same sign as in the trained dense network</h2>",
            _table(("level", "density", *names), rows),
            f"<script>{get_plotlyjs()}</script>",
            f"<script>const f = {drawn};",
            'Plotly.newPlot("signs", f.data, f.layout, {responsive: true, displaylogo: false});</script>',
            "</body></html>",
        ]
    )


def figure(levels: Sequence[LevelAnalysis]) -> dict[str, Any]:
    """Return the agreement of signs over density as Plotly JSON, with the dense network at the left."""
    densities = [100 * level.density for level in levels]
    data: list[dict[str, Any]] = []
    for reference, (label, colour, symbol) in LINES.items():
        there = [level for level in levels if reference in level.signs]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": label,
                "x": [100 * level.density for level in there],
                "y": [100 * level.signs[reference].mean for level in there],
                "text": [f"level {level.level}" for level in there],
                "line": {"color": colour},
                "marker": {"color": colour, "symbol": symbol, "size": 8},
                "hovertemplate": "%{text}, density %{x:.3g} %<br>%{y:.1f} % the same<extra>%{fullData.name}</extra>",
            }
        )
    shown = densities[:: max(1, len(densities) // 8)]
    ticks = {"tickvals": shown, "ticktext": [f"{density:.3g}" for density in shown]}
    layout = {
        "height": 440,
        "margin": {"l": 70, "r": 20, "t": 40, "b": 60},
        "plot_bgcolor": "#ffffff",
        "xaxis": {"type": "log", "autorange": "reversed", "title": {"text": "density in %"}, "showgrid": False} | ticks,
        "yaxis": {"title": {"text": "weights left with the same sign, %"}, "gridcolor": "#e4e4e0", "zeroline": False},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 50, "y1": 50, "line": {"dash": "dot", "width": 1}}
        ],
        "annotations": [
            {"text": "chance", "xref": "paper", "x": 1, "y": 50, "xanchor": "right", "yanchor": "bottom"}
            | {"showarrow": False}
        ],
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }
    return {"data": data, "layout": layout}


def row(level: LevelAnalysis) -> list[str]:
    """Return a level as the table under `HEADINGS` shows it."""
    signs = [_percent(level.signs[one].mean if one in level.signs else None) for one in LINES]
    shared = level.overlap
    overlaps = [shared.jaccard, shared.chance, shared.layer_chance] if shared else [None] * 3
    return [str(level.level), f"{level.density:.2%}", *signs, *(_percent(overlap) for overlap in overlaps)]


def _by_layer(levels: Sequence[LevelAnalysis]) -> tuple[list[str], list[list[str]]]:
    """Return the names of the layers, and a row per level."""
    names = list(levels[0].signs["dense"].layers)
    rows = [
        [str(level.level), f"{level.density:.2%}", *(_percent(level.signs["dense"].layers[name]) for name in names)]
        for level in levels
    ]
    return names, rows


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction:.1%}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(["<table><thead>", *_cells("th", headings), "</thead><tbody>", *_body(rows), "</tbody></table>"])


def _body(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield from _cells("td", row)


def _cells(tag: str, cells: Sequence[str]) -> Iterator[str]:
    yield "<tr>"
    for cell in cells:
        yield f"<{tag}>{escape(cell)}</{tag}>"
    yield "</tr>"
