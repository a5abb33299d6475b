"""The figure of the fit: S-Cyc, what it was fitted to, how sure it is, and its rivals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.comparison.contenders import FITTED
from oracle.comparison.fit import FEWEST_LEVELS
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import EMPHASISED, Look
from oracle.report.comparison.marks import path, with_legend
from oracle.report.comparison.table import Table
from oracle.report.intervals import band, bars
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
    caption = (
        "The fitted curve, and what it was fitted to: the posterior of the best max_lr. The diamonds are its mean, and "
        "the bars 95 % intervals, of each level by itself; the dots are the candidates that won. The band is the 95 % "
        "interval of the fitted curve over this posterior, again of each level by itself. It takes S-Cyc's shape for "
        "granted, so it does not show whether that is wrong. The thin lines are simpler curves, fitted to the same, to "
        "compare S-Cyc with."
    )
    return Plate(title, figure(comparison, fit), caption, (_table(comparison, fit),))


def figure(comparison: Comparison, fit: Fit) -> Figure:
    """Return the fit with its band, what it was fitted to, and its rivals as Plotly JSON."""
    levels = comparison.levels
    densities = [level.density for level in levels]
    bounds, aims = ([Interval(*ends) for ends in bands] for bands in (fit.band, fit.target_band))
    data = [
        *band("95 % of the fits", levels, bounds, VERMILLION, rank=3),
        *bars("95 % of the posterior", levels, aims, MUTED, 1.4, rank=2),
        _target(fit, densities),
        *_rivals(fit, densities),
        _fitted(fit, densities),
        _winners(comparison),
    ]
    values = [value for trace in data for value in trace["y"] if value is not None]
    return with_legend({"data": data, "layout": layout(levels, max_lr_axis(values), "max_lr", height=460)})


def _fitted(fit: Fit, densities: list[float]) -> Trace:
    texts = [
        f"<b>{FITTED}</b>, level {level}<br>max_lr <b>{words.rate(max_lr)}</b><br>"
        f"95 % from {words.rate(low)} to {words.rate(high)}"
        for level, max_lr, (low, high) in zip(fit.levels, fit.max_lr, fit.band, strict=True)
    ]
    return path("S-Cyc, fitted", EMPHASISED[FITTED], densities, fit.max_lr, texts) | {"mode": "lines"}


def _target(fit: Fit, densities: list[float]) -> Trace:
    texts = [
        f"<b>posterior</b>, level {level}<br>mean <b>{words.rate(max_lr)}</b><br>"
        f"95 % from {words.rate(low)} to {words.rate(high)}"
        for level, max_lr, (low, high) in zip(fit.levels, fit.target, fit.target_band, strict=True)
    ]
    look = Look(INK, "solid", "diamond", 1.4, 7, 2)
    return path("mean of the posterior", look, densities, fit.target, texts) | {"mode": "markers"}


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
        "name": "winners",
        "legendrank": 1,
        "type": "scatter",
        "mode": "markers",
        "x": [level.density for level in comparison.levels],
        "y": [level.winner for level in comparison.levels],
        "text": [
            f"<b>oracle</b>, level {level.level}<br>winner <b>{words.rate(level.winner)}</b>"
            for level in comparison.levels
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": BLUE, "size": 8, "line": {"color": "white", "width": 1}},
    }


def _table(comparison: Comparison, fit: Fit) -> Table:
    rows = []
    for i, level in enumerate(comparison.levels):
        row = [table.whole(level.level), table.density(level.density), table.rate(level.winner)]
        row += [table.rate(value) for value in (fit.target[i], *fit.target_band[i], fit.max_lr[i], *fit.band[i])]
        row += [table.rate(rival.max_lr[i]) for rival in fit.held_out[1:]]
        rows.append(tuple(row))
    rivals = [rival.family for rival in fit.held_out[1:]]
    columns = ("Level", "Density", "Winner", "Mean of the posterior", "95 % from", "to", "Fitted", "95 % from", "to")
    return Table("max_lr of the fit, of what it was fitted to, and of its rivals", (*columns, *rivals), tuple(rows))
