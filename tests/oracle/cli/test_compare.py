"""`scyc compare`, and a schedule to paste."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from markupsafe import escape

import oracle
from oracle.results.intervals import RULES, Interval, Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended


@pytest.mark.usefixtures("swept")
def test_compare_says_and_writes_the_same(
    scyc: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    ended = scyc("compare", "demo", "--out", "comparison", "--rule", "paired")
    assert ended.code == 0
    assert "not written as PNG and SVG" in ended.err
    assert "constant: " in ended.out
    assert ended.out.endswith(f"{oracle.Study('demo').compare(rule='paired')}\n")
    assert "Fit: from scyc import SCyc; schedule = SCyc(" in ended.out
    written = json.loads((tmp_path / "comparison" / "comparison.json").read_text())
    assert written == json.loads(scyc("compare", "demo", "--rule", "paired", "--json").out)
    assert written["rule"] == "paired"
    report = (tmp_path / "comparison" / "report.html").read_text()
    assert str(escape(written["schedules"]["constant"]["sentence"])) in report


@pytest.mark.browser
@pytest.mark.usefixtures("swept")
def test_figures_are_written_where_there_is_a_browser(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    ended = scyc("compare", "demo", "--out", "comparison", "--schedules", "constant")
    assert (ended.code, ended.err) == (0, "")
    names = {path.name for path in (tmp_path / "comparison" / "figures").iterdir()}
    assert names >= {"schedules.png", "schedules.svg", "surface.png", "fit.svg", "cost.png"}


@pytest.mark.usefixtures("swept")
def test_a_rule_that_is_added_can_be_asked_for_and_is_shown(
    scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(RULES, dict)
    narrow = Rule(lambda levels, _: [Interval(level.winner, level.winner) for level in levels], "the winner", "nothing")
    monkeypatch.setitem(RULES, "narrow", narrow)
    compared = json.loads(scyc("compare", "demo", "--rule", "narrow", "--json").out)
    assert [level["interval"] for level in compared["levels"]] == [
        [level["winner"]] * 2 for level in compared["levels"]
    ]
    assert " narrow " in scyc("show", "demo", "--rule", "narrow").out
    unknown = scyc("compare", "demo", "--rule", "wide")
    assert unknown.code == 2
    assert "There is no interval rule 'wide'" in unknown.err
    assert "narrow" in unknown.err


@pytest.mark.usefixtures("swept")
def test_a_schedule_can_be_pasted(scyc: Callable[..., Ended]) -> None:
    line = scyc("show", "demo", "--schedule", "fitted", "--python").out
    scope: dict[str, object] = {}
    exec(line, scope)
    shown = json.loads(scyc("show", "demo", "--schedule", "fitted", "--json").out)
    schedule = scope["schedule"]
    assert callable(schedule)
    assert shown["max_lr"] == {str(m): schedule(m) for m in range(3)}
    assert "oracle" in scyc("show", "demo", "--schedule", "fitted").out


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["compare", "demo", "--schedules", "constant,nonsense"], "no schedule 'nonsense'"),
        (["show", "demo", "--schedule", "nonsense"], "no schedule 'nonsense'"),
        (["show", "demo", "--python"], "--schedule"),
        (["show", "demo", "--answers"], "--json"),
        (["compare", "nobody"], "No study named 'nobody'"),
        (["compare", "demo", "--tolerance", "-1"], "tolerance"),
    ],
)
def test_bad_input_is_refused(arguments: list[str], reason: str, scyc: Callable[..., Ended]) -> None:
    ended = scyc(*arguments)
    assert ended.code == 2
    assert reason in ended.err
