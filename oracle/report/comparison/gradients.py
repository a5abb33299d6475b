"""The figure of the weight gradients: their spread as the network gets sparser, and whether max_lr makes up for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import EMPHASISED, Look
from oracle.report.comparison.marks import path, with_legend
from oracle.report.comparison.table import Cell, Table
from oracle.report.plate import Plate
from oracle.report.style import GREEN, MUTED, PURPLE, VERMILLION, Figure, Trace, layout, log_axis, max_lr_axis
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from oracle.comparison import Comparison, OracleLevel
    from oracle.comparison.gradients import GradientFinding, PointFinding

_LOOKS = {
    "start": Look(VERMILLION, "dash", "square", 2.2, 7, 2),
    "middle": Look(GREEN, "dashdot", "diamond", 2.2, 8, 3),
    "end": Look(PURPLE, "dot", "triangle-up", 2.2, 8, 4),
}
_DENSITY = Look(MUTED, "longdash", "x-thin-open", 1.3, 6, 5)

_UPPER, _LOWER = (0.54, 1.0), (0.0, 0.46)
"""Where the two parts of the figure begin and end, as parts of its height."""


@dataclass(frozen=True)
class _Line:
    """What max_lr would be, by level, if it made up for something that falls from level to level."""

    name: str
    look: Look
    rates: tuple[float | None, ...]


def plate(comparison: Comparison) -> Plate:
    """Return the figure of the gradients' spread."""
    title, found = "The spread of the gradients", comparison.gradients
    if found is None or not found.points:
        caption = (
            "At no point of the training were the gradients of every winner recorded: early versions recorded none, "
            "and a trial that diverges may record none. A new study records them: `scyc sweep --name NEW`."
        )
        return Plate(title, None, caption)
    caption = (
        "Above, the standard deviation of the gradients of the weights left, in the training of each level's winner, "
        "mean over seeds: in its first steps, half way, and in its last steps. Below, the oracle's max_lr, and what it "
        "would be if it made up for the gradients: the dense winner times the dense network's standard deviation, "
        "divided by the level's. The grey line makes up for density instead (1/density), whatever the gradients are. "
        "All axes are logarithmic."
    )
    tables = (_spread(comparison, found), _correlations(found))
    return Plate(title, figure(comparison, found), caption, tables, found.sentences)


def figure(comparison: Comparison, found: GradientFinding) -> Figure:
    """Return the spread of the gradients over density, above the oracle's curve, as Plotly JSON."""
    levels = comparison.levels
    above = [_std(point, comparison) for point in found.points]
    below = [_scaled(line, comparison) for line in _lines(comparison.levels, found)] + [_oracle(comparison)]
    stds = [std for trace in above for std in trace["y"]]
    rates = [rate for trace in below for rate in trace["y"]]
    drawn = layout(levels, {}, "", height=620)
    axis = drawn["yaxis"]
    drawn["yaxis"] = axis | (log_axis(stds, words.rate) if stds else {}) | {"domain": list(_UPPER)}
    drawn["yaxis2"] = axis | max_lr_axis(rates) | {"domain": list(_LOWER), "anchor": "x"}
    drawn["xaxis"] |= {"anchor": "y2"}
    x_title, y_title = drawn["annotations"]
    drawn["annotations"] = [
        x_title,
        y_title | {"text": "std of the gradients", "y": sum(_UPPER) / 2},
        y_title | {"text": "max_lr", "y": sum(_LOWER) / 2},
    ]
    return with_legend({"data": [*above, *below], "layout": drawn})


def _lines(levels: tuple[OracleLevel, ...], found: GradientFinding) -> list[_Line]:
    """Return the lines of the lower part but the oracle's own."""
    dense = levels[0]
    lines = [_Line("1/density, scaled", _DENSITY, tuple(dense.winner * dense.density / lv.density for lv in levels))]
    for point in found.points:
        first = point.stds[0]
        rates = tuple(dense.winner * first / std if std > 0 and first > 0 else None for std in point.stds)
        lines.append(_Line(f"1/std, {point.point}", _look(point), rates))
    return lines


def _look(point: PointFinding) -> Look:
    return _LOOKS.get(point.point, _DENSITY)


def _std(point: PointFinding, comparison: Comparison) -> Trace:
    known = [(level, std) for level, std in zip(comparison.levels, point.stds, strict=True) if std > 0]
    texts = [
        f"<b>{point.point}</b> of level {level.level}, {words.density(level.density)} density<br>std <b>{std:.3g}</b>, "
        f"{std / known[0][1]:.2f} times that at level {known[0][0].level}"
        for level, std in known
    ]
    x, y = [level.density for level, _ in known], [std for _, std in known]
    return path(f"{point.point} of the level", _look(point), x, y, texts) | {"legendgroup": point.point}


def _scaled(line: _Line, comparison: Comparison) -> Trace:
    known = [(level, rate) for level, rate in zip(comparison.levels, line.rates, strict=True) if rate is not None]
    texts = [f"<b>{line.name}</b>, level {level.level}<br>max_lr <b>{words.rate(rate)}</b>" for level, rate in known]
    trace = path(line.name, line.look, [level.density for level, _ in known], [rate for _, rate in known], texts)
    below = {"yaxis": "y2", "showlegend": line.look is _DENSITY, "legendgroup": line.name.rpartition(" ")[2]}
    return trace | below


def _oracle(comparison: Comparison) -> Trace:
    levels = comparison.levels
    texts = [f"<b>oracle</b>, level {level.level}<br>best max_lr <b>{words.rate(level.winner)}</b>" for level in levels]
    x, y = [level.density for level in levels], [level.winner for level in levels]
    return path("oracle: best max_lr", EMPHASISED[ORACLE], x, y, texts) | {"yaxis": "y2"}


def _spread(comparison: Comparison, found: GradientFinding) -> Table:
    lines = _lines(comparison.levels, found)
    rows = tuple(
        (
            table.whole(level.level),
            table.density(level.density),
            *(table.rate(point.stds[i]) for point in found.points),
            table.rate(level.winner),
            *(table.rate(line.rates[i]) for line in lines),
        )
        for i, level in enumerate(comparison.levels)
    )
    stds = (f"Std at the {point.point}" for point in found.points)
    columns = ("Level", "Density", *stds, "Oracle", *(f"max_lr by {line.name}" for line in lines))
    return Table("Spread of the gradients, and max_lr that makes up for it", columns, rows)


def _correlations(found: GradientFinding) -> Table:
    rows = [
        (
            Cell(f"1/std at the {point.point}"),
            table.plain(point.narrowing),
            *map(table.plain, (point.correlation, *(point.interval or (None, None)))),
            *map(table.plain, (point.advantage, *(point.advantage_interval or (None, None)))),
        )
        for point in found.points
    ]
    rows.append(
        (Cell("1/density"), Cell(words.NOTHING), table.plain(found.density_correlation), *[table.plain(None)] * 5)
    )
    bounds = ("95 % from", "to")
    columns = ("", "Last level by dense", "Correlation", *bounds, "Ahead of 1/density", *bounds)
    return Table("Rank correlation with the oracle's max_lr over levels", columns, tuple(rows))
