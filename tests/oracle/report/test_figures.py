import dataclasses
import math
from typing import Any

import pytest

from oracle.report import words
from oracle.report.comparison.figures import COMPARISON_FIGURES
from oracle.report.curve import AUTHORS, scaled
from oracle.report.figures import SWEEP_FIGURES, plates
from oracle.report.figures import plate as made
from oracle.report.heatmap import clipped_at
from oracle.report.style import Figure, max_lr_axis
from oracle.results.intervals import Interval
from oracle.results.study_view import StudyView
from oracle.spec.model import Spec
from oracle.spec.training import PruningSpec
from tests.oracle.report import samples
from tests.oracle.report.samples import GRID, level, study, trial

STUDIES = [samples.finished(), samples.running(), samples.open_ended(), samples.raced()]


def figure(view: StudyView, key: str) -> Figure:
    drawn = made(key, view).figure
    assert drawn is not None
    return drawn


def trace(drawn: Figure, name: str) -> dict[str, Any]:
    return next(t for t in drawn["data"] if t.get("name", "").startswith(name))


def test_a_name_is_used_once_in_both_reports() -> None:
    assert not SWEEP_FIGURES.keys() & COMPARISON_FIGURES.keys()


@pytest.mark.parametrize("view", STUDIES, ids=lambda v: v.name + v.state)
def test_plotly_knows_every_attribute(view: StudyView) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    for plate in plates(view).values():
        go.Figure(plate.figure)


def test_the_curve_is_the_models_and_the_dots_are_the_winners() -> None:
    view = samples.finished()
    drawn, best = figure(view, "curve"), view.best.levels
    line, dots = trace(drawn, "best max_lr"), trace(drawn, "oracle's winner")
    assert line["x"] == dots["x"] == [lv.density for lv in view.levels]
    assert line["y"] == [one.best for one in best.values()]
    assert dots["y"] == [lv.winner for lv in view.levels]
    assert line["mode"] == "lines+markers"
    assert dots["mode"] == "markers"
    assert "resolved" in line["text"][0]


def test_each_band_is_the_models() -> None:
    view = samples.finished()
    drawn, best = figure(view, "curve"), list(view.best.levels.values())
    alone, together = trace(drawn, "90 % band, each"), trace(drawn, "90 % band, all")
    assert alone["y"] == [one.high for one in best] + [one.low for one in reversed(best)]
    assert together["y"] == [one.high_everywhere for one in best] + [one.low_everywhere for one in reversed(best)]
    caption = made("curve", view).caption
    assert "each level by itself: on average 1.3 of 13 levels lie outside it." in caption
    assert "The light band holds the best of all levels at once" in caption
    assert "but not for other validation examples" in caption


def test_bands_that_hold_for_other_examples_say_so() -> None:
    view = samples.finished()
    view.__dict__["best"] = dataclasses.replace(view.best, judged_together=True)
    assert "Both allow for other seeds and for other validation examples." in made("curve", view).caption


def test_where_no_level_is_resolved_no_line_is_drawn_and_the_caption_says_why() -> None:
    view = study([level(m, [trial(x, 0, 0.7) for x in GRID], GRID[3]) for m in range(3)])
    assert not any(t.get("name", "").startswith("best max_lr") for t in figure(view, "curve")["data"])
    assert trace(figure(view, "curve"), "90 % band, each level")
    caption = made("curve", view).caption
    assert "at no level is it known to within a factor of two. So no line is drawn" in caption


def test_marks_on_the_curve_say_how_well_each_level_is_known() -> None:
    drawn = figure(samples.open_ended(), "curve")
    symbols = trace(drawn, "best max_lr")["marker"]["symbol"]
    assert symbols == ["triangle-up-open", "circle", "circle", "triangle-up-open"]
    assert "a hollow triangle" in made("curve", samples.open_ended()).caption


def test_bars_wait_for_a_click_on_the_legend() -> None:
    drawn = figure(samples.open_ended(), "curve")
    assert trace(drawn, "“paired”")["visible"] == "legendonly"
    assert "visible" not in trace(drawn, "“within”")
    assert "Bars appear when their name in the legend is clicked." in made("curve", samples.open_ended()).caption


def test_the_band_is_the_within_interval() -> None:
    view = samples.finished()
    band = trace(figure(view, "curve"), "“within”")
    bounds = [within for lv in view.levels if (within := lv.intervals["within"])]
    assert band["y"] == [i.high for i in bounds] + [i.low for i in reversed(bounds)]


def test_the_band_breaks_where_the_interval_is_missing() -> None:
    view = samples.open_ended()
    first, second = [t for t in figure(view, "curve")["data"] if t.get("name") == "“within” interval"]
    assert (first["showlegend"], second["showlegend"]) == (True, False)
    assert second["x"] == pytest.approx([0.64, 0.512, 0.512, 0.64])
    assert min(first["x"]) < 1 < max(first["x"])


def test_bars_are_the_paired_interval() -> None:
    view = samples.open_ended()
    bars = trace(figure(view, "curve"), "“paired”")
    judged = [(lv.density, paired) for lv in view.levels if (paired := lv.intervals["paired"])]
    assert bars["x"][::3] == [density for density, _ in judged]
    assert bars["y"][1::3] == [paired.high for _, paired in judged]


def test_open_bounds_and_edges_are_marked() -> None:
    drawn = figure(samples.open_ended(), "curve")
    triangles = [t for t in drawn["data"] if t.get("marker", {}).get("symbol") == "triangle-down-open"]
    assert [t["marker"]["angle"] for t in triangles] == [[180, 0], [180, 0]]
    assert [t["y"] for t in triangles] == [[GRID[-1], GRID[0]]] * 2
    assert trace(drawn, "winner on the edge")["y"] == [GRID[0], GRID[11]]
    assert not any("edge" in t.get("name", "") for t in figure(samples.finished(), "curve")["data"])


def test_gaps_are_crossed_and_explained() -> None:
    view = study([level(0, winner=0.2, paired=Interval(0.1, 0.4, gaps=(0.3,))), level(1, winner=0.2)])
    crosses = trace(figure(view, "curve"), "gap")
    assert (crosses["x"], crosses["y"]) == ([1.0], [0.3])
    assert words.GAPS in made("curve", view).caption
    assert words.GAPS not in made("curve", samples.open_ended()).caption


def test_s_cycs_shape_is_drawn_scaled_and_not_at_the_rates_of_another_network() -> None:
    view = samples.finished()
    drawn = figure(view, "curve")
    [ours] = [t["y"] for t in drawn["data"] if "S-Cyc" in t["name"]]
    published = [AUTHORS(m) for m in range(13)]
    assert ours[0] == view.levels[0].winner
    assert [o / p for o, p in zip(ours, published, strict=True)] == pytest.approx([ours[0] / 0.03] * 13)


def test_the_scaled_shape_has_the_studys_pruning_rate() -> None:
    view = study([level(0, winner=0.3), level(1, winner=0.4)])
    view = dataclasses.replace(view, spec=Spec(pruning=PruningSpec(rate=0.5)))
    schedule = scaled(view, view.levels)
    assert schedule is not None
    assert (schedule.p, schedule.delta) == (0.5, 0.3)
    assert (schedule.delta + schedule.epsilon) / schedule.delta == pytest.approx(7 / 3)


def test_without_a_dense_winner_nothing_is_scaled() -> None:
    view = study([level(0, [trial(0.1, 0, 0.7)]), level(1, [trial(0.1, 0, 0.7)], 0.1)])
    assert scaled(view, view.levels) is None
    assert not any("scaled" in t.get("name", "") for t in figure(view, "curve")["data"])
    assert "scaled" not in made("curve", view).caption


def test_the_heat_map_holds_every_candidate_and_no_more() -> None:
    view = samples.running()
    columns = [t for t in figure(view, "heatmap")["data"] if t["type"] == "heatmap"]
    for lv, column in zip(view.levels, columns, strict=False):
        cells = [row[0] for row in column["z"]]
        assert len(column["y"]) == len(cells) + 1
        assert column["y"] == sorted(column["y"])
        found = {
            c.max_lr: next(
                z for z, lo, hi in zip(cells, column["y"], column["y"][1:], strict=False) if lo < c.max_lr < hi
            )
            for c in lv.candidates
        }
        assert found == {c.max_lr: 100 * (c.val or 0.0) for c in lv.candidates}
        assert sum(cell is not None for cell in cells) == len(lv.candidates)
    assert [len(c["z"]) for c in columns] == [12, 13, 11]  # the third was trained at every other candidate


def test_the_heat_map_says_where_its_colours_start() -> None:
    view = samples.finished()
    plate = made("heatmap", view)
    floor = clipped_at(view.levels)
    accuracies = [c.val or 0.0 for lv in view.levels for c in lv.candidates]
    assert plate.figure is not None
    assert plate.figure["layout"]["coloraxis"]["cmin"] == 100 * floor
    below = sum(accuracy < floor for accuracy in accuracies)
    assert f"{below} candidates below that have the darkest colour" in plate.caption


def test_diverged_candidates_and_the_winners_path_lie_on_the_heat_map() -> None:
    view = samples.finished()
    drawn = figure(view, "heatmap")
    assert trace(drawn, "best max_lr")["y"] == [lv.winner for lv in view.levels]
    assert len(trace(drawn, "at least one seed")["x"]) == sum(
        c.diverged > 0 for lv in view.levels for c in lv.candidates
    )


def test_accuracy_bars_reach_from_the_worst_seed_to_the_best() -> None:
    trials = [
        trial(0.1, 0, 0.70, 0.66),
        trial(0.1, 1, 0.74, 0.70),
        trial(0.2, 0, 0.1),
        trial(0.1, 2, None, state="failed"),
    ]
    drawn = figure(study([level(0, trials, 0.1)]), "winners")
    val, test = drawn["data"]
    assert val["y"] == pytest.approx([72])
    assert test["y"] == pytest.approx([68])
    assert val["error_y"]["array"] == pytest.approx([2])
    assert val["error_y"]["arrayminus"] == pytest.approx([2])
    assert "2 seeds from 70.0" in val["text"][0]


def test_all_figures_share_the_density_axis() -> None:
    axes = [p.figure["layout"]["xaxis"] for p in plates(samples.running()).values() if p.figure]
    assert axes[0] == axes[1] == axes[2]
    low, high = axes[0]["range"][::-1]
    assert all(low < math.log10(tick) < high for tick in axes[0]["tickvals"])


def test_many_levels_keep_their_ticks_apart() -> None:
    view = study([level(m, [trial(0.1, 0, 0.5)], 0.1) for m in range(40)])
    assert len(figure(view, "curve")["layout"]["xaxis"]["tickvals"]) == 14


@pytest.mark.parametrize("values", [[0.18], [0.17, 0.19], [0.02, 1.0], [1e-5, 10.0]])
def test_max_lr_ticks_are_few_and_inside(values: list[float]) -> None:
    axis = max_lr_axis(values)
    assert 1 <= len(axis["tickvals"]) <= 8
    low, high = axis["range"]
    assert all(low <= math.log10(tick) <= high for tick in axis["tickvals"])


def test_the_page_of_a_race_shows_on_how_many_seeds_each_candidate_was_trained() -> None:
    drawn = figure(samples.raced(), "spending")
    columns = [t for t in drawn["data"] if t["type"] == "heatmap"]
    assert [[row[0] for row in one["z"] if row[0] is not None] for one in columns] == [[1, 3, 0, 1]] * 3
    assert trace(drawn, "stopped early")["y"] == [GRID[9]] * 3
    assert trace(drawn, "a seed diverged")["y"] == [GRID[11]] * 3
    assert trace(drawn, "winner")["y"] == [GRID[4], GRID[5], GRID[6]]
    axis = drawn["layout"]["coloraxis"]
    assert (axis["cmin"], axis["cmax"], axis["colorbar"]["tickvals"]) == (-0.5, 3.5, [0, 1, 2, 3])


def test_only_a_race_has_a_figure_of_what_it_spent() -> None:
    assert made("spending", samples.finished()).figure is None
    assert "spending" not in plates(samples.finished())
    assert "spending" in plates(samples.raced())
