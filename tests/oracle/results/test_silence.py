"""Levels that say nothing about `max_lr`, in whatever shows a study."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from oracle.api import tables
from oracle.api.html import study_html
from oracle.cli.commands.show import _table
from oracle.cli.commands.watch import _line, _picture
from oracle.report import render
from oracle.report.figures import plates
from oracle.results.silence import level_list, silent_sentences
from oracle.results.status import study_status
from oracle.results.study_view import view_study
from oracle.web.pages import page
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING = (
    "Nothing learned at levels 1, 3: on every candidate at least one seed diverged. So they say nothing about max_lr"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with Laboratory(small_spec(levels=4)) as lab:
        lab.flat = frozenset({1, 3})
        yield lab.finish()


def printed(shown: object) -> str:
    console = Console(width=200, record=True, file=StringIO())
    console.print(shown)
    return console.export_text()


def test_they_are_named_and_have_no_winner(lab: Laboratory) -> None:
    view = view_study(lab.store, "s")
    assert [level.winner for level in view.levels] == [0.2, None, 0.2, None]
    assert [level.chosen for level in view.levels] == lab.winners()
    [sentence] = silent_sentences(view.levels)
    assert sentence.startswith(NOTHING)


def test_status_watch_and_web_show_no_winner_there(lab: Laboratory) -> None:
    status = study_status(lab.store, "s", silent=True)
    assert status.silent == {1, 3}
    assert [level["winner"] for level in status.to_json()["decided"]] == [0.2, None, 0.2, None]
    assert "(the last one has no best max_lr)" in _line(status)
    assert printed(_picture(status)).count("none") == 2
    assert bytes(page("study.html", study=status, number=1).body).count(b"<td>none</td>") == 2


def test_show_notebooks_and_tables_show_no_winner_there(lab: Laboratory) -> None:
    view = view_study(lab.store, "s")
    assert printed(_table(view)).count("none") == 2
    assert study_html(view).count("<td>none</td>") == 2
    curve = tables.curve(view)
    assert curve["silence"].fillna("").tolist() == ["", "diverged", "", "diverged"]
    assert curve["winner"].isna().tolist() == [False, True, False, True]


def test_the_report_says_so_and_draws_no_winner_there(lab: Laboratory) -> None:
    view = view_study(lab.store, "s")
    html = render(view)
    assert NOTHING in html
    assert "4 of 4" in html
    for shown in plates(view).values():
        drawn = shown.figure
        assert drawn is not None
        for trace in drawn["data"]:
            if "best max_lr" in trace.get("name", "") or "accuracy" in trace.get("name", ""):
                assert len(trace["x"]) == 2
    dense = replace(view, levels=(replace(view.levels[1], level=0), *view.levels[1:]))
    assert "The dense network has no best max_lr" in render(dense)


@pytest.mark.parametrize(
    ("levels", "said"), [([2], "level 2"), ([2, 3], "levels 2, 3"), ([0, 2, 3, 4, 9], "levels 0, 2 to 4, 9")]
)
def test_stretches_of_levels(levels: list[int], said: str) -> None:
    assert level_list(levels) == said
