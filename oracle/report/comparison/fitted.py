"""The figure of the fit: S-Cyc, what it was fitted to, how far it would move with other seeds, and its rivals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.comparison.contenders import FITTED
from oracle.comparison.fit import FEWEST_LEVELS
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import EMPHASISED, Look
from oracle.report.comparison.marks import path, with_legend
from oracle.report.comparison.table import Table
from oracle.report.intervals import band, bars, explained, gaps, open_bounds
from oracle.report.plate import Plate
from oracle.report.style import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILLION, Figure, Trace, layout, max_lr_axis
from oracle.results.intervals import Interval
from oracle.study.commands import command

if TYPE_CHECKING:
    from oracle.comparison import Comparison, Fit

_RIVALS = (
    Look(MUTED, "dot", "triangle-up-open", 1.4, 6, 10),
    Look(PURPLE, "dash", "square-open", 1.4, 6, 11),
    Look(ORANGE, "longdash", "cross-open", 1.4, 6, 12),
    Look(GREEN, "dashdot", "circle-open", 1.4, 6, 13),
)


def plate(comparison: Comparison) -> Plate:
    """Return the figure of the fit."""
    title, fit = "S-Cyc fitted to the oracle", comparison.fit
    if fit is None:
        count = len(comparison.levels)
        have = f"{words.count(count, 'level')} {'is' if count == 1 else 'are'}"
        caption = (
            f"The fit of S-Cyc needs {FEWEST_LEVELS} decided levels or more, but only {have} decided so far; "
            f"`{command('extend', comparison.study, db=comparison.database)}` adds levels."
        )
        return Plate(title, None, caption)
    judged = any(level.interval for level in comparison.levels)
    caption = (
        "The fitted curve, and what it was fitted to: "
        + (f"the “{comparison.rule}” intervals (bars)" if judged else "the winners")
        + (", in which the dots are the winners." if judged else " (dots).")
    )
    if marks := explained([level.interval for level in comparison.levels]):
        caption += f" {marks}"
    if fit.band is not None:
        caption += (
            " At each level, the band holds the middle 95 % of the curves that are fitted to resampled seeds. It does "
            "not show whether S-Cyc's shape is wrong."
        )
    else:
        caption += " There is no band: resampling needs three seeds or more."
    caption += " The thin lines are simpler curves, fitted in the same way, to compare S-Cyc with."
    return Plate(title, figure(comparison, fit), caption, (_table(comparison, fit),))


def figure(comparison: Comparison, fit: Fit) -> Figure:
    """Return the fit with its band, the intervals and its rivals as Plotly JSON."""
    levels = comparison.levels
    densities, intervals = [level.density for level in levels], [level.interval for level in levels]
    refits = [Interval(*bounds) for bounds in fit.band] if fit.band else [None] * len(levels)
    data = [
        *band("95 % of the refits", levels, refits, VERMILLION, rank=3),
        *bars(f"“{comparison.rule}” interval", levels, intervals, MUTED, 1.4, rank=2),
        *open_bounds(levels, intervals, INK),
        *gaps(levels, intervals, INK),
        *_rivals(fit, densities),
        _fitted(fit, densities),
        _winners(comparison),
    ]
    values = [value for trace in data for value in trace["y"] if value is not None]
    return with_legend({"data": data, "layout": layout(levels, max_lr_axis(values), "max_lr", height=460)})


def _fitted(fit: Fit, densities: list[float]) -> Trace:
    bands = fit.band or [None] * len(fit.levels)
    texts = [
        f"<b>{FITTED}</b>, level {level}<br>max_lr <b>{words.rate(max_lr)}</b>"
        + (f"<br>refits from {words.rate(bounds[0])} to {words.rate(bounds[1])}" if bounds else "")
        for level, max_lr, bounds in zip(fit.levels, fit.max_lr, bands, strict=True)
    ]
    return path("S-Cyc, fitted", EMPHASISED[FITTED], densities, fit.max_lr, texts) | {"mode": "lines"}


def _rivals(fit: Fit, densities: list[float]) -> list[Trace]:
    return [
        path(
            rival.family,
            look,
            densities,
            rival.max_lr,
            [
                f"<b>{rival.family}</b>, level {level}<br>max_lr <b>{words.rate(max_lr)}</b>"
                for level, max_lr in zip(fit.levels, rival.max_lr, strict=True)
            ],
        )
        for rival, look in zip(fit.held_out[1:], _RIVALS, strict=False)
    ]


def _winners(comparison: Comparison) -> Trace:
    return {
        "name": "oracle: best max_lr",
        "legendrank": 1,
        "type": "scatter",
        "mode": "markers",
        "x": [level.density for level in comparison.levels],
        "y": [level.winner for level in comparison.levels],
        "text": [
            f"<b>oracle</b>, level {level.level}<br>best max_lr <b>{words.rate(level.winner)}</b><br>"
            f"{comparison.rule} {words.interval(level.interval)}"
            for level in comparison.levels
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": BLUE, "size": 8, "line": {"color": "white", "width": 1}},
    }


def _table(comparison: Comparison, fit: Fit) -> Table:
    rows = []
    for i, level in enumerate(comparison.levels):
        interval, bounds = level.interval, fit.band[i] if fit.band else None
        row = [table.whole(level.level), table.density(level.density), table.rate(level.winner)]
        row += [table.rate(interval.low if interval else None), table.rate(interval.high if interval else None)]
        row += [table.rate(fit.max_lr[i])]
        row += [table.rate(bounds[0] if bounds else None), table.rate(bounds[1] if bounds else None)]
        row += [table.rate(rival.max_lr[i]) for rival in fit.held_out[1:]]
        rows.append(tuple(row))
    rivals = [rival.family for rival in fit.held_out[1:]]
    columns = ("Level", "Density", "Oracle", "Interval from", "to", "Fitted", "Band from", "to", *rivals)
    return Table("max_lr of the fit, of what it was fitted to, and of its rivals", columns, tuple(rows))
