"""A rule that is added to the registry is shown wherever intervals are: nothing else has to know its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.comparison import compare_study
from oracle.comparison import to_json as comparison_json
from oracle.report import figures, page
from oracle.report.comparison.verdicts import reading
from oracle.results.intervals import RULES, Interval, Rule
from oracle.results.plain import to_json
from oracle.results.study_view import view_study
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import DecidedLevel


def smooth(levels: Sequence[DecidedLevel], tolerance: float) -> list[Interval | None]:
    """Wider with every level of the study, which a rule that sees one level at a time could not be."""
    return [Interval(level.winner / (1 + len(levels)), level.winner * 200 * tolerance) for level in levels]


@pytest.fixture(autouse=True)
def another(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(RULES, dict)
    monkeypatch.setitem(RULES, "smooth", Rule(smooth, "what a surface says", needs="a surface", tolerant=True))
    monkeypatch.setattr("oracle.report.base.plotlyjs", lambda: "")


def test_the_view_has_it_and_the_report_shows_it() -> None:
    with Laboratory(small_spec()) as lab:
        view = view_study(lab.finish().store, "s")
    assert [level.intervals["smooth"] for level in view.levels] == [Interval(0.05, 0.2)] * 3
    assert to_json(view)["levels"][0]["interval"]["smooth"] == [0.05, 0.2]
    html = page.render(view)
    assert '<th scope="col">“smooth” interval</th>' in html
    assert "<td>0.05 – 0.2</td>" in html
    assert "<b>“smooth”</b> is what a surface says; it needs a surface." in html
    assert "inside the “smooth” interval at 2 of 2" in html
    curve = figures.plate("curve", view)
    assert "The purple bars are the “smooth” interval." in curve.caption
    assert curve.figure is not None
    [drawn] = [trace for trace in curve.figure["data"] if trace["name"] == "“smooth” interval"]
    assert drawn["y"] == [0.05, 0.2, None] * 3
    assert (
        "smooth 0.05 – 0.2"
        in next(t for t in curve.figure["data"] if t["name"].startswith("oracle's winner"))["text"][0]
    )


def test_schedules_are_judged_by_it() -> None:
    with Laboratory(small_spec()) as lab:
        comparison = compare_study(lab.finish().store, "s", "smooth", 0.01)
    assert [level.interval for level in comparison.levels] == [Interval(0.05, 0.4)] * 3
    assert (comparison_json(comparison)["rule"], comparison_json(comparison)["tolerance"]) == ("smooth", 0.01)
    assert "The interval is the “smooth” one: what a surface says." in reading(comparison)
