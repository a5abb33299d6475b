"""Trials that were stopped early are counted, cost what they cost, and are never taken for results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from oracle.api.html import study_html
from oracle.comparison import compare_study
from oracle.execution.messages import Stopped, TrialRequest
from oracle.report.page import render
from oracle.results.plain import to_json
from oracle.results.status import study_status
from oracle.results.study_view import view_study
from oracle.study.checking import broken_rule
from oracle.study.export import MANIFEST, read_export, write_export
from oracle.testing.records import MACHINE
from scyc import StopRule
from studies import EpochRecord, Store, columns
from tests.oracle.driver.test_stopped_trials import ruled
from tests.oracle.simulation import Answering, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oracle.execution.messages import Answer, Request
    from studies import Tables

CURVE = (EpochRecord(0, 2.0, 2.0, 0.25),)


class Stopping(Answering):
    """A laboratory in which the worst candidate, and one seed of the second worst, are stopped at every level."""

    def answer(self, request: Request) -> Answer:
        assert isinstance(request, TrialRequest)
        if request.max_lr == 1.6 or (request.max_lr, request.seed) == (0.8, 7):
            return Stopped(CURVE, 0.5, MACHINE)
        return super().answer(request)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A finished study of three levels with two seeds: five candidates, of which two have seeds that were stopped."""
    url = f"sqlite:///{tmp_path_factory.mktemp('stopped')}/scyc.db"
    spec = small_spec(search={"max_lr": {"values": [0.1, 0.2, 0.4, 0.8, 1.6]}})
    with pytest.MonkeyPatch.context() as monkeypatch, Stopping(spec, url=url) as lab:
        monkeypatch.setattr("tests.oracle.driver.test_stopped_trials.RULE", StopRule(0, 0.5))
        monkeypatch.setattr("oracle.driver.oracle_run.next_action", ruled)
        lab.machine = MACHINE
        lab.finish()
    return url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as store:
        yield store


class TestView:
    def test_they_have_no_result(self, store: Store) -> None:
        for level in view_study(store, "s").levels:
            stopped = [trial for trial in level.trials if trial.state == "stopped"]
            assert [(trial.max_lr, trial.seed) for trial in stopped] == [(0.8, 7), (1.6, 0), (1.6, 7)]
            assert {(t.val, t.test, t.diverged, t.seconds) for t in stopped} == {(None, None, None, 0.5)}
            assert level.stopped == 3

    def test_a_candidate_that_was_stopped_on_a_seed_is_not_judged_by_the_others(self, store: Store) -> None:
        for level in view_study(store, "s").levels:
            assert [candidate.max_lr for candidate in level.candidates] == [0.1, 0.2, 0.4]
            assert set(level.scores) == {0.1, 0.2, 0.4}
            assert level.answers is not None
            assert set(level.answers) == {0.1, 0.2, 0.4}
            assert all(level.intervals.values())

    def test_what_they_cost_counts(self, store: Store) -> None:
        cost = view_study(store, "s").cost
        assert (cost.trials, cost.stopped, cost.failed) == (21, 9, 0)
        assert cost.epochs == 21 * 2 + 9
        assert cost.compute_seconds == pytest.approx(21 * 1.5 + 9 * 0.5)

    def test_a_comparison_leaves_them_out(self, store: Store) -> None:
        for level in compare_study(store, "s", "within").levels:
            assert set(level.scores) == set(level.test_scores) == {0.1, 0.2, 0.4}


class TestWhatIsSaid:
    def test_status(self, store: Store) -> None:
        status = study_status(store, "s")
        assert (status.done, status.stopped, status.ended, status.total) == (21, 9, 30, 30)
        assert status.to_json()["trials"] == {"done": 21, "stopped": 9, "pending": 0, "failed": 0, "total": 30}
        assert status.machines.unknown == 0

    def test_json(self, store: Store) -> None:
        shown = json.loads(json.dumps(to_json(view_study(store, "s")), allow_nan=False))
        assert shown["cost"]["stopped"] == 9
        assert [trial["state"] for trial in shown["levels"][0]["trials"]].count("stopped") == 3

    def test_pages(self, store: Store) -> None:
        view = view_study(store, "s")
        page = render(view)
        assert "Trials stopped early" in page
        assert "7 of 10 (3 stopped early)" in page
        assert "30 trials done, 9 of them stopped early" in study_html(view)

    def test_tables(self, url: str) -> None:
        study = oracle.Study("s", url)
        trials, epochs = study.trials(), study.epochs()
        stopped = trials[trials.state == "stopped"]
        assert len(stopped) == 9
        assert set(stopped.stop_epoch) == {0}
        assert set(stopped.stop_below) == {0.5}
        assert set(stopped.seconds) == {0.5}
        assert stopped.val.isna().all()
        assert set(stopped.machine) == {MACHINE.hash}
        assert len(epochs) == 21 * 2 + 9


def damaged(column: str, value: Any) -> Callable[[Tables], None]:
    def damage(tables: Tables) -> None:
        next(trial for trial in tables["trials"] if trial["state"] == "stopped")[column] = value

    return damage


def of_stopped(tables: Tables) -> dict[str, Any]:
    [first, *_] = [trial["id"] for trial in tables["trials"] if trial["state"] == "stopped"]
    return next(row for row in tables["epochs"] if row["trial_id"] == first)


def without_a_curve(tables: Tables) -> None:
    tables["epochs"].remove(of_stopped(tables))


def with_weights(tables: Tables) -> None:
    tables["checkpoints"][0]["trial_id"] = of_stopped(tables)["trial_id"]


class TestExport:
    @pytest.fixture
    def tables(self, store: Store) -> Tables:
        return store.dump_study("s")

    def test_fits_together(self, tables: Tables) -> None:
        assert broken_rule(tables) is None

    @pytest.mark.parametrize(
        ("damage", "rule"),
        [
            (damaged("stop_epoch", None), "half a stop rule"),
            (lambda tables: tables["trials"][0].update(stop_below=None), "half a stop rule"),
            (lambda tables: damaged("stop_below", None)(tables) or damaged("stop_epoch", None)(tables), "no stop rule"),
            (damaged("stop_epoch", 2**31 - 1), "stopped after epoch 2147483647, which its epochs contradict"),
            (damaged("stop_epoch", -1), "row"),
            (damaged("stop_below", float("inf")), "row"),
            (damaged("stop_below", 0.25), "its accuracy of 0.25 is not worse than its rule's 0.25"),
            (damaged("val", 0.5), "so val must be empty"),
            (damaged("seconds", None), "so seconds must not be empty"),
            (damaged("finished_at", None), "which its finished_at contradicts"),
            (damaged("error", "lost"), "which its error contradicts"),
            (without_a_curve, "stopped after epoch 0, which its epochs contradict"),
            (with_weights, "is not complete, so it can have no checkpoints"),
            (damaged("state", "pending"), "must be empty"),
        ],
    )
    def test_what_contradicts_itself_is_said(self, tables: Tables, damage: Callable[[Tables], None], rule: str) -> None:
        damage(tables)
        assert rule in (broken_rule(tables) or "")

    @pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
    def test_comes_back_as_it_went(self, tables: Tables, format_: Any, store: Store, tmp_path: Path) -> None:
        write_export(tables, tmp_path / "export", format_)
        assert read_export(tmp_path / "export") == tables
        with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
            other.load_study(read_export(tmp_path / "export"))
            assert to_json(view_study(other, "s")) == to_json(view_study(store, "s"))

    @pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
    def test_an_export_of_the_version_before_has_no_rules(
        self, tables: Tables, format_: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        former: Any = {**tables, "trials": [dict(row) for row in tables["trials"] if row["state"] != "stopped"]}
        expected = [row | {"stop_epoch": None, "stop_below": None} for row in former["trials"]]
        for row in former["trials"]:
            del row["stop_epoch"], row["stop_below"]
        kinds = columns()
        del kinds["trials"]["stop_epoch"], kinds["trials"]["stop_below"]
        with monkeypatch.context() as then:
            then.setattr("oracle.study.export.columns", lambda: kinds)
            write_export(former, tmp_path / "export", format_)
        (tmp_path / "export" / MANIFEST).write_text(json.dumps({"scyc_export": 2, "format": format_}))
        assert read_export(tmp_path / "export")["trials"] == expected
