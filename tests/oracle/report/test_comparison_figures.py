"""The figures of a comparison: they hold its numbers, and the tables under them hold the figures' numbers."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import pytest

from oracle.report.comparison.figures import plate as made
from oracle.report.comparison.figures import plates
from oracle.report.comparison.looks import EMPHASISED, looks
from oracle.report.comparison.marks import frame
from oracle.report.comparison.surface import _edges
from tests.oracle.report.comparisons import full, many, odd

if TYPE_CHECKING:
    from oracle.comparison import Comparison
    from oracle.report.plate import Plate

ODD = odd()


def plate(comparison: Comparison, key: str) -> Plate:
    return made(key, comparison)


def traces(comparison: Comparison, key: str) -> dict[str, dict[str, Any]]:
    """The figure's traces with a name of their own."""
    figure = plate(comparison, key).figure
    assert figure is not None
    return {trace.get("name", ""): trace for trace in reversed(figure["data"])}


@pytest.mark.parametrize("comparison", ODD.values(), ids=ODD)
def test_plotly_knows_every_attribute(comparison: Comparison) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    for found in plates(comparison).values():
        if found.figure is not None:
            go.Figure(found.figure)


@pytest.mark.parametrize("comparison", ODD.values(), ids=ODD)
def test_tables_hold_what_the_figures_show(comparison: Comparison) -> None:
    for key, found in plates(comparison).items():
        values = {cell.value for table in found.tables for row in table.rows for cell in row}
        assert {len(row) - len(table.columns) for table in found.tables for row in table.rows} <= {0}
        if found.figure is None:
            assert not found.tables
            assert found.caption.count(".") >= 1
            continue
        assert found.tables
        for number in _drawn(key, found):
            assert any(value is not None and math.isclose(value, number) for value in values), (key, number)


def _drawn(key: str, found: Plate) -> list[float]:
    """The numbers that a figure shows and a reader may ask for: those that one can point at."""
    assert found.figure is not None
    shown = [trace for trace in found.figure["data"] if "hovertemplate" in trace and trace["type"] == "scatter"]
    cells = [cell[0] for trace in found.figure["data"] if trace["type"] == "heatmap" for cell in trace["z"]]
    # Points outside the frame are drawn on its edge: their trace is a second one.
    points = [trace for trace in shown if trace.get("showlegend", True) or trace["name"].startswith(("trained", "1/"))]
    percent = {"accuracy", "cost"}
    axis = "x" if key == "cost" else "y"
    values = [value / 100 if key in percent else value for trace in points for value in trace[axis]]
    return [*values, *(cell / 100 for cell in cells)]


def test_the_curves_are_the_oracle_its_interval_and_the_schedules() -> None:
    comparison = full()
    found, levels = traces(comparison, "schedules"), comparison.levels
    assert found["oracle"]["x"] == [level.density for level in levels]
    assert found["oracle"]["y"] == [level.winner for level in levels]
    bounds = [level.interval for level in levels if level.interval]
    assert found["“within” interval"]["y"] == [i.high for i in bounds] + [i.low for i in reversed(bounds)]
    for name, schedule in comparison.schedules.items():
        assert found[name]["y"] == [schedule(level.level) for level in levels]
    assert found["range-test"]["y"] == pytest.approx([0.2 * 1.1] * 7)  # the geometric mean over three seeds


def test_open_bounds_have_triangles_and_missing_intervals_break_the_band() -> None:
    marks = traces(ODD["open"], "schedules")["open bound"]
    assert sorted(set(marks["marker"]["angle"])) == [0, 180]
    figure = plate(ODD["half judged"], "schedules").figure
    assert figure is not None
    assert sum(trace["name"] == "“within” interval" for trace in figure["data"]) == 4
    assert "hollow triangle" in plate(ODD["open"], "schedules").caption
    assert "no level has" in plate(ODD["one candidate"], "schedules").caption


def test_accuracies_have_their_intervals() -> None:
    comparison = full()
    found = traces(comparison, "accuracy")
    for name, run in comparison.runs.items():
        estimates = [level.score for level in run.levels]
        assert found[name]["y"] == [100 * one.mean for one in estimates]
        highs = [above + mean for above, mean in zip(found[name]["error_y"]["array"], found[name]["y"], strict=True)]
        assert highs == pytest.approx([100 * (one.high or 0) for one in estimates])
    aside = [found[name]["x"][0] for name in comparison.runs]
    assert len(set(aside)) == len(aside)


def test_a_collapse_does_not_squeeze_the_rest() -> None:
    found = plate(full(), "accuracy")
    assert found.figure is not None
    low, high = found.figure["layout"]["yaxis"]["range"]
    assert low > 50
    below = [trace for trace in found.figure["data"] if trace.get("marker", {}).get("symbol") == "triangle-down"]
    assert [trace["name"] for trace in below] == ["inverse-density"]
    assert all(low < y < high for y in below[0]["y"])
    assert "outside the frame" in found.caption


def test_losses_and_costs_stand_beside_each_other() -> None:
    comparison = full()
    found = plate(comparison, "cost")
    assert found.figure is not None
    names = [name.removeprefix("<b>").removesuffix("</b>") for name in found.figure["layout"]["yaxis"]["ticktext"]]
    shown: dict[str, dict[str, float]] = {name: {} for name in names}
    for trace in found.figure["data"]:
        if trace["type"] == "scatter" and trace.get("showlegend") is False and trace["name"] != "beyond the frame":
            for x, y in zip(trace["x"], trace["y"], strict=True):
                shown[names[y]][trace["name"]] = x
    for name, run in comparison.runs.items():
        if name != "oracle" and run.regret:
            assert shown[name] == {"trained for real": 100 * run.regret.mean, "epochs per seed": run.epochs}
    regret = comparison.verdicts["fitted"].mean_regret
    assert regret is not None
    assert shown["fitted"] == {"on the oracle's surface": 100 * regret, "epochs per seed": 70}
    assert shown["the oracle's search"] == {"epochs per seed": 1680}
    losses = [next(iter(shown[name].values())) for name in names[:-1]]
    assert losses == sorted(losses)


def test_the_fit_has_its_band_its_target_and_its_rivals() -> None:
    comparison = full()
    fit, found = comparison.fit, traces(comparison, "fit")
    assert fit is not None
    assert found["S-Cyc, fitted"]["y"] == list(fit.max_lr)
    assert found["95 % of the fits"]["y"] == [b[1] for b in fit.band] + [b[0] for b in reversed(fit.band)]
    assert found["mean of the posterior"]["y"] == list(fit.target)
    bars = [y for low, high in fit.target_band for y in (low, high, None)]
    assert found["95 % of the posterior"]["y"] == bars
    assert found["winners"]["y"] == [level.winner for level in comparison.levels]
    for rival in fit.held_out[1:]:
        assert found[rival.family]["y"] == list(rival.max_lr)
    assert "95 % of the fits" in traces(ODD["one seed"], "fit")
    assert "takes S-Cyc's shape for granted" in plate(comparison, "fit").caption


def test_the_surface_holds_every_candidate() -> None:
    comparison = full()
    figure = plate(comparison, "surface").figure
    assert figure is not None
    columns = [trace for trace in figure["data"] if trace["type"] == "heatmap"]
    for level, column in zip(comparison.levels, columns, strict=True):
        rates = sorted(level.scores)
        assert [cell[0] for cell in column["z"]] == [100 * (level.mean(rate) or 0) for rate in rates]
        edges = column["y"]
        assert all(low < rate < high for low, rate, high in zip(edges, rates, edges[1:], strict=False))
    assert traces(comparison, "surface").keys() >= {*comparison.schedules, "range-test"}


def test_gradients_stand_above_the_max_lr_that_would_make_up_for_them() -> None:
    comparison = full()
    found, drawn = comparison.gradients, traces(comparison, "gradients")
    assert found is not None
    for point in found.points:
        known = [std for std in point.stds if std > 0]
        assert drawn[f"{point.point} of the level"]["y"] == known
        dense = comparison.levels[0].winner
        assert drawn[f"1/std, {point.point}"]["y"] == [dense * point.stds[0] / std for std in known]
    assert drawn["oracle: best max_lr"]["y"] == [level.winner for level in comparison.levels]
    assert len(drawn["end of the level"]["y"]) == len(comparison.levels) - 1
    assert plate(comparison, "gradients").sentences == found.sentences


def test_cells_meet_half_way() -> None:
    assert _edges([1.0, 4.0, 16.0]) == [0.5, 2.0, 8.0, 32.0]
    assert _edges([1.0])[0] < 1.0 < _edges([1.0])[1]


def test_twenty_schedules_can_be_told_apart() -> None:
    found = looks(many())
    assert len(found) >= 20
    assert list(found)[:3] == ["oracle", "s-cyc", "constant"]
    for kind in ("colour and marker", "without colour"):
        drawn = [
            (look.symbol, look.colour if kind == "colour and marker" else look.dash, look.width)
            for look in found.values()
        ]
        assert len(set(drawn)) == len(drawn), kind
    others = [look.width for name, look in found.items() if name not in EMPHASISED]
    assert max(others) < min(look.width for look in EMPHASISED.values())


def test_with_many_lines_only_the_thick_ones_have_bars() -> None:
    found = traces(many(), "accuracy")
    assert "error_y" in found["s-cyc"]
    assert "error_y" not in found["linear-1"]
    assert "Only the thick lines" in plate(many(), "accuracy").caption


@pytest.mark.parametrize(
    ("which", "key", "words"),
    [
        ("bare", "accuracy", "`scyc run mine` trains schedules for real"),
        ("one candidate", "fit", "1 level is decided so far"),
        ("bare", "cost", "Hollow markers are schedules that were not trained"),
        ("bare", "gradients", "`scyc sweep --name NEW`"),
    ],
)
def test_what_is_missing_says_what_to_run(which: str, key: str, words: str) -> None:
    assert words in plate(ODD[which], key).caption


def test_a_name_with_spaces_can_be_pasted() -> None:
    comparison = dataclasses.replace(ODD["bare"], study="my study")
    assert "`scyc run 'my study'`" in plate(comparison, "accuracy").caption


def test_frames_leave_outliers_out_and_cut_wide_intervals() -> None:
    usual = [60.0, 60.5, 61.0, 61.5, 62.0]
    assert frame(usual, []).outside is False
    collapsed = frame([*usual, 10.0], [(9.0, 11.0)])
    assert collapsed.outside
    assert collapsed.low > 50
    wide = frame(usual, [(20.0, 90.0)])
    assert wide.cut
    assert (wide.low > 55, wide.high < 67) == (True, True)
    assert frame([5.0] * 5, []).low < 5.0 < frame([5.0] * 5, []).high
