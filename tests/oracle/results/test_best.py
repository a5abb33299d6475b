"""The best `max_lr` of a study by the surface, as it is shown everywhere."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.api.html import study_html
from oracle.api.tables import curve
from oracle.cli.commands.show import _table
from oracle.results import study_view
from oracle.results.best import LevelBest, StudyBest, study_best
from oracle.results.plain import to_json
from oracle.results.study_view import StudyView, decided_levels
from oracle.surface import best_curve, fit_surface
from tests.oracle.report import samples
from tests.oracle.report.samples import GRID, level, study, trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import DecidedLevel


def test_it_is_that_of_the_surface_of_the_decided_levels() -> None:
    view = samples.running()
    surface = fit_surface(decided_levels(view.levels))
    found = best_curve(surface)
    assert list(view.best.levels) == [0, 1]
    assert view.best.shown == found.shown
    assert [one.best for one in view.best.levels.values()] == list(found.max_lr)
    assert [one.high_everywhere for one in view.best.levels.values()] == list(found.high_everywhere)
    assert [one.word for one in view.best.levels.values()] == [one.word for one in found.words]


def test_it_is_fitted_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(levels: Sequence[DecidedLevel]) -> StudyBest:
        asked.append(len(levels))
        return study_best([])

    monkeypatch.setattr(study_view, "study_best", counted)
    view = samples.finished()
    assert asked == []
    assert view.best is view.best
    assert asked == [13]


def test_every_place_shows_it() -> None:
    view = samples.open_ended()
    best = view.best.levels
    printed = to_json(view)["levels"]
    assert [one["model"] for one in printed] == [vars(best[m]) for m in range(4)]
    assert list(printed[0]["model"]) == [
        "best", "low", "high", "low_everywhere", "high_everywhere", "word", "difference",
    ]  # fmt: skip
    table = curve(view)
    assert list(table.best) == [one.best for one in best.values()]
    assert list(table.best_low) == [one.low for one in best.values()]
    assert list(table.best_high) == [one.high for one in best.values()]
    assert list(table.word) == ["open", "resolved", "resolved", "open"]
    [shown] = [column for column in _table(view).columns if column.header == "known"]
    assert list(shown.cells) == ["open", "resolved", "resolved", "open"]
    assert study_html(view).count("<td>resolved</td>") == 2


def test_the_table_of_a_terminal_is_at_most_120_wide() -> None:
    view = samples.finished()
    long = LevelBest(0.0894, 0.0712, 0.0999, 0.01, 0.2, "tied", 0.0102)
    view.__dict__["best"] = StudyBest(dict.fromkeys(range(13), long), True, True, {})
    columns = _table(view).columns
    wide = sum(max(len(str(text)) for text in (column.header, *column.cells)) + 2 for column in columns)
    assert wide <= 120 - len("network") - 2


def test_a_level_without_a_winner_has_none() -> None:
    view = samples.running()
    assert to_json(view)["levels"][2]["model"] is None
    assert curve(view).word.isna().tolist() == [False, False, True, True]
    assert study_best([]).levels == {}
    assert not study_best([]).shown


ODD = {
    "one seed": [level(m, [trial(x, 0, 0.7 - (math.log(x) + 1) ** 2 / 20) for x in GRID], GRID[7]) for m in range(2)],
    "one candidate": [level(0, [trial(0.1, s, 0.7) for s in range(2)], 0.1)],
    "diverged": [level(0, [trial(x, s, 0.7 - x if x < 0.3 else 0.1) for x in GRID for s in range(2)], GRID[0])],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_studies_have_one_too(name: str) -> None:
    [*_, last] = study(ODD[name]).best.levels.values()
    assert 0 < last.low <= last.best <= last.high < math.inf
    assert last.high < 0.3 if name == "diverged" else last.high <= max(GRID)
    assert last.word == {"one seed": "resolved"}.get(name, "open")


def known(low: float, high: float) -> LevelBest:
    return LevelBest(math.sqrt(low * high), low, high, low, high, "resolved", 0.01)


class TestRatio:
    first, last = (centre + 0.05 * np.linspace(-1, 1, 101) for centre in (math.log(0.1), math.log(0.2)))

    def test_is_of_draws_that_go_together(self) -> None:
        ends = (known(0.0956, 0.1046), known(0.1912, 0.2092))
        best = StudyBest(dict(enumerate(ends)), True, True, {0: self.first, 1: self.last})
        assert best.ratio(0, 1) == pytest.approx((2, 2, 2))  # both rise and fall together
        assert best.ratio(1, 0) == pytest.approx((0.5, 0.5, 0.5))
        apart = replace(best, draws={0: self.first[::-1], 1: self.last})
        low, middle, high = apart.ratio(0, 1)
        assert middle == pytest.approx(2)
        assert (low, high) == pytest.approx((2 * math.exp(-0.095), 2 * math.exp(0.095)))

    def test_reaches_as_far_as_a_band_that_goes_beyond_the_draws(self) -> None:
        ends = (known(0.0956, 0.3), known(0.1912, 0.2092))
        low, middle, high = StudyBest(dict(enumerate(ends)), True, True, {0: self.first, 1: self.last}).ratio(0, 1)
        assert low < 0.2 / 0.3 < 1 < middle < 2.1
        assert high == pytest.approx(2)


def test_a_view_is_replaced_without_what_was_fitted() -> None:
    view: StudyView = samples.running()
    assert view.best.levels
    assert replace(view, levels=()).best.levels == {}
