"""What the service says of a study is what the program says of it, however it came to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oracle.comparison import compare
from oracle.results.study_view import view_study
from oracle.web import application
from oracle.web.decided import read_decided
from oracle.web.remembered import Remembered
from studies import Store
from tests.oracle.simulation import Answering, Laboratory, small_spec
from tests.oracle.web.asking import ask
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RACE = {"method": "racing", "max_lr": {"low": 0.05, "high": 0.8, "count": 5}}
STUDIES: Mapping[str, Callable[[], Laboratory]] = {
    "finished": lambda: Laboratory(small_spec()),
    "with answers": lambda: Answering(small_spec()),
    "with silent levels": lambda: Laboratory(small_spec(), ceiling=0.05),
    "a race": lambda: Laboratory(small_spec(search=RACE, seeds=[0, 1, 2])),
    "with a rise": lambda: Laboratory(small_spec(levels=4), growth=1.5),
}


@pytest.fixture(params=STUDIES)
def lab(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    with STUDIES[request.param]() as lab:
        yield lab


def answered(there: str, path: str) -> Any:
    answer = ask(f"{there}/api/v1/studies/1{path}")
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def test_decided_levels_are_those_of_the_view_at_any_moment(lab: Laboratory) -> None:
    sweep, known = lab.sweep(), Remembered(64)
    while lab.work(sweep, most=3):
        changes = lab.store.changes(1)
        assert changes is not None
        found = read_decided(lab.store, 1, changes, known)
        view = view_study(lab.store, "s")
        expected = [replace(level, intervals={}) for level in view.levels if level.chosen is not None]
        assert list(found.levels) == expected


def test_a_decided_level_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    trials, read = Store.trials, list[int | None]()

    def counting(store: Store, run_id: int, level: int | None = None, *rest: Any, **options: Any) -> Any:
        read.append(level)
        return trials(store, run_id, level, *rest, **options)

    with Laboratory(small_spec()) as lab:
        lab.finish()
        monkeypatch.setattr(Store, "trials", counting)
        changes, known = lab.store.changes(1), Remembered(64)
        assert changes is not None
        for _ in range(3):
            read_decided(lab.store, 1, changes, known)
    assert read == [0, 1, 2]


def test_the_curve_is_that_of_the_view(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.v1.curves.PATIENCE", 60.0)
    lab.finish()
    view = view_study(lab.store, "s")
    with served(application(lab.store)) as there:
        levels = answered(there, "/curve")["levels"]
        cells = answered(there, "/surface")["levels"]
    decided = [level for level in view.levels if level.chosen is not None]
    for shown, level in zip(levels, decided, strict=True):
        assert (shown["winner"], shown["silence"], shown["edge"]) == (level.winner, level.silence, level.edge)
        for rule, interval in level.intervals.items():
            found = shown["intervals"][rule]
            assert (found and found["low"]) == (interval and interval.low)
    for row, level in zip(cells, view.levels, strict=True):
        means = {cell["max_lr"]: cell["val"] for cell in row["cells"] if not cell["stopped"]}
        for candidate in level.candidates:
            assert means[candidate.max_lr] == pytest.approx(candidate.val)
        assert sum(cell["trials"] for cell in row["cells"]) == len(level.trials)


@pytest.mark.parametrize("rule", ["model", "paired", "within"])
def test_a_verdict_is_that_of_the_comparison(rule: str) -> None:
    with Laboratory(small_spec(levels=4), growth=1.2) as lab, served(application(lab.store)) as there:
        lab.finish()
        view = view_study(lab.store, "s")
        for name in ("constant", "s-cyc:delta=0.15,q=1", "linear"):
            expected = compare(view, rule, names=[name]).verdicts[name]
            found = answered(there, f"/verdict?schedule={name}&rule={rule}")
            assert found["sentence"] == expected.sentence
            assert (found["hits"], found["judged"]) == (expected.hits, expected.judged)
            assert [level["max_lr"] for level in found["levels"]] == [level.max_lr for level in expected.levels]
            assert [level["regret"] for level in found["levels"]] == [level.regret for level in expected.levels]
        for name, schedule in compare(view).schedules.items():
            [listed] = [one for one in answered(there, "/schedules")["schedules"] if one["name"] == name]
            assert listed["max_lrs"] == [schedule(level) for level in range(4)]


def test_a_surface_that_would_take_minutes_is_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.decided.MOST_CANDIDATES", 1)
    monkeypatch.setattr("oracle.web.decided.Decided.intervals", _without_model)
    with Laboratory(small_spec()) as lab, served(application(lab.store)) as there:
        lab.finish()
        study = answered(there, "")
        assert (study["default_rule"], study["rules"]) == ("paired", ["within", "paired"])
        curve = answered(there, "/curve")
        assert "minutes" in curve["note"]
        assert {level["best"] for level in curve["levels"]} == {None}
        assert all(level["intervals"]["paired"] for level in curve["levels"])
        assert answered(there, "/verdict?schedule=constant")["judged"] == 3
        refused = ask(f"{there}/api/v1/studies/1/verdict?schedule=constant&rule=model")
        assert (refused.status, "paired" in refused.text) == (409, True)
        assert answered(there, "/figures/heatmap")["figure"] is not None


def _without_model(self: Any, rule: str) -> Any:
    from oracle.results.intervals import RULES
    from oracle.results.study_view import oracle_intervals

    assert rule != "model"
    return oracle_intervals(self.levels, RULES[rule], self.spec.metric.tolerance)
