"""The figure of loss and cost: what each schedule loses, and how many epochs it takes, beside the oracle's own search.

It has one row per schedule. Nearly all cost the same, so on two crossed axes they would lie on top of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oracle.comparison.regret import Estimate
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.accuracy import how_to_train, judged_on
from oracle.report.comparison.looks import EMPHASISED, looks
from oracle.report.comparison.marks import Frame, frame
from oracle.report.comparison.table import Cell, Table
from oracle.report.plate import Plate
from oracle.report.style import INK, MUTED, Figure, Trace, log_axis, plain_layout
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison import Comparison, Verdict
    from oracle.report.comparison.looks import Look
    from oracle.spec.metric import MetricSpec

SEARCH = "the oracle's search"

_LOSS, _COST = (0.0, 0.62), (0.68, 1.0)
"""Where the two axes begin and end, as parts of the figure's width."""


@dataclass(frozen=True)
class Spent:
    """A schedule's loss and cost.

    Attributes:
        regret: a difference of scores.
        epochs: epochs trained per seed; None if not known.
        trained: whether the schedule was trained; if not, the regret is that on the surface.
    """

    regret: Estimate
    epochs: float | None
    trained: bool


def plate(comparison: Comparison) -> Plate:
    """Return the figure of loss and cost."""
    title = "What each schedule loses and costs"
    rows = spent(comparison)
    if not rows:
        return Plate(title, None, f"{how_to_train(comparison)}; until then neither loss nor cost is known.")
    metric = comparison.metric
    caption = f"Left: {_lost_in(metric)} to the oracle, the least first; at 0 a schedule is as good as the oracle."
    if any(row.trained for row in rows.values()):
        what = f"mean {judged_on(comparison)} {metric.name} is {metric.below}"
        caption += (
            f" Filled markers are schedules that were trained. Their loss is how far their {what} "
            "that of the oracle's curve on the same seeds, over all levels but the dense one, with a 95 % interval, "
            "each taken alone."
        )
    if not all(row.trained for row in rows.values()):
        caption += (
            " Hollow markers are schedules that were not trained. Their loss is read off the oracle's surface, where "
            f"every level starts from the oracle's own winner. {_on_surface(comparison)} {how_to_train(comparison)}."
        )
    if _frame(rows, metric).outside:
        caption += " Losses far from the rest are shown as numbers at the edge of the frame."
    caption += f" Right: the {comparison.unit} trained per seed, on a logarithmic axis"
    caption += "; the dotted line is the cost of the oracle's search." if comparison.search_epochs is not None else "."
    caption += " Most schedules need the dense network's max_lr; the cost of tuning it is not counted."
    return Plate(title, figure(comparison), caption, (_table(comparison, rows),))


def spent(comparison: Comparison) -> dict[str, Spent]:
    """Return, by name, the loss and cost of every schedule whose loss is known but the oracle, the least loss first."""
    found = {}
    for name in looks(comparison):
        run, verdict = comparison.runs.get(name), comparison.verdicts.get(name)
        if name == ORACLE:
            continue
        if run is not None and run.regret is not None:
            found[name] = Spent(run.regret, run.epochs, trained=True)
        elif verdict is not None and (lost := _lost(verdict)) is not None:
            epochs = comparison.level_epochs * len(comparison.levels) if comparison.level_epochs else None
            found[name] = Spent(Estimate(lost, None, None), epochs, trained=False)
    return dict(sorted(found.items(), key=lambda item: item[1].regret.mean))


def _lost(verdict: Verdict) -> float | None:
    return verdict.mean_raw_regret if verdict.mean_regret is None else verdict.mean_regret


def _on_surface(comparison: Comparison) -> str:
    if comparison.levels[0].seeds > 1:
        return "It is cross-fitted: each seed is judged by the winner that the other seeds choose."
    return "It is too much: one seed can judge the winner only by the values that chose it."


def figure(comparison: Comparison) -> Figure:
    """Return the figure as Plotly JSON, for a comparison for which `spent` is not empty."""
    rows, look, search = spent(comparison), looks(comparison), comparison.search_epochs
    metric = comparison.metric
    view, names = _frame(rows, metric), [*rows, *([SEARCH] if search is not None else [])]
    data = [
        *_losses("trained for real", {name: row for name, row in rows.items() if row.trained}, look, names, metric),
        *_losses(
            "on the oracle's surface", {name: row for name, row in rows.items() if not row.trained}, look, names, metric
        ),
        *_beyond(rows, look, names, view, metric),
        *_costs(rows, look, names, search, comparison.unit),
    ]
    y_axis = {
        "tickvals": list(range(len(names))),
        "ticktext": [f"<b>{name}</b>" if name in EMPHASISED else name for name in names],
        "range": [len(names) - 0.4, -0.6],
        "automargin": True,
        "ticks": "",
    }
    x_axis = {"domain": list(_LOSS), "range": [view.low, view.high], "zeroline": True, "zerolinecolor": MUTED}
    layout = plain_layout(x_axis, _lost_in(metric), y_axis, "", height=104 + 25 * len(names))
    title = layout["annotations"][0] | {"x": sum(_LOSS) / 2, "yshift": -38}
    layout["annotations"] = [title]
    costs = [epochs for trace in data if trace.get("xaxis") == "x2" for epochs in trace["x"]]
    if costs:
        axis = log_axis(costs, lambda epochs: f"{epochs:,.10g}", pad=0.1)
        layout["xaxis2"] = layout["xaxis"] | axis | {"domain": list(_COST), "anchor": "y", "zeroline": False}
        layout["annotations"].append(title | {"text": f"{comparison.unit} per seed", "x": sum(_COST) / 2})
    if search is not None:
        layout["shapes"] = [_line(search)]
    layout |= {"margin": layout["margin"] | {"b": 52}, "showlegend": True}
    return {"data": data, "layout": layout}


def _lost_in(metric: MetricSpec) -> str:
    """Return what the axis of losses shows."""
    if metric.loses_points:
        return f"points of {metric.name} lost"
    return f"loss in {metric.unit}" if metric.format == "plain" else f"points of {metric.name} more"


def _frame(rows: Mapping[str, Spent], metric: MetricSpec) -> Frame:
    found = [row.regret for row in rows.values()]
    bounds = [
        (metric.factor * one.low, metric.factor * one.high)
        for one in found
        if one.low is not None and one.high is not None
    ]
    return frame([metric.factor * one.mean for one in found], [*bounds, (0.0, 0.0)], metric.point)


def _losses(
    what: str, rows: Mapping[str, Spent], look: Mapping[str, Look], names: Sequence[str], metric: MetricSpec
) -> list[Trace]:
    """Return the points of one kind of schedules, with their intervals."""
    if not rows:
        return []
    regrets = [row.regret for row in rows.values()]
    trace: Trace = {
        "name": what,
        "showlegend": False,
        "type": "scatter",
        "mode": "markers",
        "x": [metric.factor * regret.mean for regret in regrets],
        "y": [names.index(name) for name in rows],
        "text": [f"{_described(name, row, metric)}, {what}" for name, row in rows.items()],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": _markers(rows, look),
    }
    if any(regret.low is not None for regret in regrets):
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [None if one.high is None else metric.factor * (one.high - one.mean) for one in regrets],
            "arrayminus": [None if one.low is None else metric.factor * (one.mean - one.low) for one in regrets],
            "color": MUTED,
            "thickness": 1.6,
            "width": 4,
        }
    return [trace, _legend(what, next(iter(rows.values())).trained)]


def _described(name: str, row: Spent, metric: MetricSpec) -> str:
    return f"<b>{name}</b><br><b>{words.estimate(row.regret, metric)}</b>{metric.points} lost"


def _legend(what: str, trained: bool) -> Trace:
    """Return a trace that appears only in the legend, in no schedule's colour."""
    drawn = {"symbol": "circle" if trained else "circle-open", "color": INK, "size": 9, "line": {"width": 1.6}}
    return {"name": what, "type": "scatter", "mode": "markers", "x": [None], "y": [None], "marker": drawn}


def _beyond(
    rows: Mapping[str, Spent], look: Mapping[str, Look], names: Sequence[str], view: Frame, metric: MetricSpec
) -> list[Trace]:
    """Return triangles at the edge of the frame, with numbers, for losses beyond it."""
    traces = []
    for name, row in rows.items():
        loss = metric.factor * row.regret.mean
        if view.low <= loss <= view.high:
            continue
        high = loss > view.high
        symbol = f"triangle-{'right' if high else 'left'}{'' if row.trained else '-open'}"
        traces.append(
            {
                "name": "beyond the frame",
                "showlegend": False,
                "type": "scatter",
                "mode": "markers+text",
                "x": [view.high if high else view.low],
                "y": [names.index(name)],
                "texttemplate": words.loss(row.regret.mean, metric),
                "textposition": "middle left" if high else "middle right",
                "hovertemplate": f"{_described(name, row, metric)}<extra></extra>",
                "cliponaxis": False,
                "marker": {"symbol": symbol, "size": 11, "color": look[name].colour},
            }
        )
    return traces


def _costs(
    rows: Mapping[str, Spent], look: Mapping[str, Look], names: Sequence[str], search: int | None, unit: str
) -> list[Trace]:
    known = {name: row.epochs for name, row in rows.items() if row.epochs is not None}
    traces = [_cost(known, _markers({name: rows[name] for name in known}, look), names, unit)] if known else []
    if search is not None:
        oracle = look[ORACLE]
        drawn = {"symbol": oracle.symbol, "color": oracle.colour, "size": oracle.size + 3}
        traces.append(_cost({SEARCH: search}, drawn, names, unit))
    return traces


def _cost(epochs: Mapping[str, float], markers: dict[str, Any], names: Sequence[str], unit: str) -> Trace:
    return {
        "name": f"{unit} per seed",
        "showlegend": False,
        "type": "scatter",
        "mode": "markers",
        "xaxis": "x2",
        "x": list(epochs.values()),
        "y": [names.index(name) for name in epochs],
        "text": [f"<b>{name}</b><br><b>{cost:,.10g}</b> {unit} per seed" for name, cost in epochs.items()],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": markers,
    }


def _markers(rows: Mapping[str, Spent], look: Mapping[str, Look]) -> dict[str, Any]:
    """Return the schedules' markers: filled for those that were trained, hollow for the others."""
    symbols = [look[name].symbol.removesuffix("-open") + ("" if row.trained else "-open") for name, row in rows.items()]
    sizes, colours = [look[name].size + 3 for name in rows], [look[name].colour for name in rows]
    return {"symbol": symbols, "color": colours, "size": sizes, "line": {"width": 1.6}, "opacity": 1.0}


def _line(epochs: int) -> dict[str, object]:
    line = {"color": INK, "width": 1.2, "dash": "dot"}
    return {"type": "line", "xref": "x2", "yref": "paper", "x0": epochs, "x1": epochs, "y0": 0, "y1": 1, "line": line}


def _table(comparison: Comparison, rows: Mapping[str, Spent]) -> Table:
    metric = comparison.metric
    cells: list[tuple[Cell, ...]] = [
        (
            Cell(name),
            table.loss(row.regret.mean, metric),
            table.loss(row.regret.low, metric),
            table.loss(row.regret.high, metric),
            Cell("trained" if row.trained else "surface"),
            table.whole(row.epochs),
        )
        for name, row in rows.items()
    ]
    if comparison.search_epochs is not None:
        nothing = Cell(words.NOTHING)
        cells.append((Cell(SEARCH), nothing, nothing, nothing, nothing, table.whole(comparison.search_epochs)))
    columns = (
        "Schedule",
        words.headed(metric.lost),
        "95 % from",
        "to",
        "Known from",
        f"{words.headed(comparison.unit)} per seed",
    )
    return Table("Mean loss and cost of every schedule", columns, tuple(cells))
