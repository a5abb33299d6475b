"""What a race spent: counted once more from its trials, and where it left each candidate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import oracle
from oracle.report import render
from oracle.results.audit import Audit, audit_of
from oracle.results.intervals import TOLERANCE
from oracle.results.plain import to_json
from oracle.results.spending import CandidateSpending, Spending, spending_of
from oracle.results.study_view import decided_levels, view_study
from oracle.searching.candidates import Cell
from oracle.surface import fit_surface
from scyc import StopRule
from tests.oracle.report import samples
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.results.study_view import StudyView

SPEC = small_spec(levels=3, search={"method": "racing", "budget": 0.5})
EPOCHS = SPEC.epochs


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    url = f"sqlite:///{tmp_path_factory.mktemp('race')}/scyc.db"
    with Laboratory(SPEC, growth=2.0, ceiling=0.9, url=url) as lab:
        lab.epochs = EPOCHS
        yield lab.finish()


@pytest.fixture(scope="module")
def view(lab: Laboratory) -> StudyView:
    return view_study(lab.store, "s")


@pytest.fixture(scope="module")
def spending(lab: Laboratory, view: StudyView) -> Spending:
    found = spending_of(lab.store, view)
    assert found is not None
    return found


class TestSums:
    def test_every_training_and_epoch_is_counted_once(self, lab: Laboratory, spending: Spending) -> None:
        trials = lab.store.trials(lab.run.id)
        assert spending.complete == sum(trial.state == "complete" for trial in trials)
        assert spending.stopped == sum(trial.state == "stopped" for trial in trials) > 0
        assert spending.epochs == lab.store.epochs_trained(lab.run.id)
        assert spending.epochs < EPOCHS * len(trials)

    def test_the_share_is_that_of_the_grid(self, spending: Spending) -> None:
        assert [level.grid_epochs for level in spending.levels] == [12 * 2 * EPOCHS] * 3
        assert spending.share == pytest.approx(spending.epochs / (3 * 12 * 2 * EPOCHS))

    def test_levels_are_the_sums_of_their_candidates(self, spending: Spending) -> None:
        for level in spending.levels:
            assert sum(one.epochs for one in level.candidates) == level.epochs
            assert sum(one.seeds for one in level.candidates) == level.complete


class TestCandidates:
    def test_each_is_left_where_its_trials_say(self, view: StudyView, spending: Spending) -> None:
        fates = {"given up", "stopped early", "winner", "diverged", "trained on all seeds"}
        for level, spent in zip(view.levels, spending.levels, strict=True):
            for one in spent.candidates:
                trials = [trial for trial in level.trials if trial.max_lr == one.max_lr]
                assert (one.fate == "winner") == (one.max_lr == level.winner)
                assert (one.fate == "diverged") == any(trial.diverged for trial in trials)
                assert (one.fate == "stopped early") == any(trial.state == "stopped" for trial in trials)
                if one.fate in ("given up", "trained on all seeds"):
                    assert (one.seeds == 2) == (one.fate == "trained on all seeds")
                fates.discard(one.fate)
        assert not fates

    def test_those_that_were_stopped_say_how_far_behind(self, view: StudyView, spending: Spending) -> None:
        stopped = [(m, one) for m in range(3) for one in spending.levels[m].candidates if one.fate == "stopped early"]
        for m, one in stopped:
            assert one.behind == view.levels[m].given_up[one.max_lr]
            assert one.stopped_after is not None
            assert 0 < one.stopped_after < EPOCHS
            assert re.fullmatch(r"stopped early after \d epochs, \d+\.\d points behind", one.phrase())

    @pytest.mark.parametrize(
        ("one", "phrase"),
        [
            (CandidateSpending(0.1, "winner", 3, 3, 30), "winner"),
            (CandidateSpending(0.1, "given up", 1, 3, 10), "given up after 1 seed"),
            (CandidateSpending(0.1, "under way", 2, 3, 20), "trained on 2 of 3 seeds so far"),
            (
                CandidateSpending(0.1, "stopped early", 0, 3, 6, stopped_after=6, behind=0.0815),
                "stopped early after 6 epochs, 8.2 points behind",
            ),
        ],
    )
    def test_phrases(self, one: CandidateSpending, phrase: str) -> None:
        assert one.phrase() == phrase

    def test_nothing_is_given_up_while_the_level_is_under_way(self) -> None:
        with Laboratory(SPEC, growth=1.5) as lab:
            lab.work(lab.sweep(), most=2)
            spending = spending_of(lab.store, view_study(lab.store, "s"))
        assert spending is not None
        [level] = spending.levels
        assert {one.fate for one in level.candidates} == {"under way"}
        assert (level.complete, level.certainty, level.word) == (2, None, None)


class TestCertainty:
    def test_it_is_the_surfaces(self, view: StudyView, spending: Spending) -> None:
        surface = fit_surface(decided_levels(view.levels))
        for level, spent in zip(view.levels, spending.levels, strict=True):
            assert level.winner is not None
            assert spent.certainty == surface.probability(level.level, level.winner, TOLERANCE)
            assert spent.word == view.best.levels[level.level].word


class TestAudit:
    @pytest.mark.parametrize(
        ("reached", "curve", "audit"),
        [
            (0.80, 0.7, Audit(1, 0, 0)),
            (0.80, 0.5, Audit(1, 1, 1)),
            (0.797, 0.5, Audit(1, 1, 1)),
            (0.79, 0.5, Audit(1, 1, 0)),
        ],
    )
    def test_it_judges_by_the_winner_on_the_same_seed(
        self, reached: float, curve: float, audit: Audit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("oracle.results.audit.audited", lambda _level, _seed, max_lr: max_lr == 0.4)
        rule = StopRule(0, 0.6)
        cells = [
            Cell(0.2, 0, 0, "complete", 0.8, curve=(0.7, 0.8)),
            Cell(0.2, 1, 0, "complete", 0.9, curve=(0.7, 0.9)),
            Cell(0.4, 0, 0, "complete", reached, stop=rule, curve=(curve, reached)),
            Cell(0.1, 0, 0, "complete", 0.8, stop=rule, curve=(0.7, 0.8)),
            Cell(0.8, 0, 0, "stopped", stop=rule, curve=(0.5,)),
        ]
        assert audit_of([(samples.level(0, winner=0.2), cells)]) == audit
        assert audit_of([(samples.level(0), cells)]) == Audit(0, 0, 0)

    @pytest.mark.parametrize(
        ("audit", "phrase"),
        [
            (Audit(0, 0, 0), "no training with a stop rule was chosen for it"),
            (Audit(3, 0, 0), "of 3 trainings finished all the same, none fell below the rule"),
            (
                Audit(7, 3, 0),
                "of 7 trainings finished all the same, 3 fell below the rule, and none of these ended within 0.5 "
                "points of the winner",
            ),
        ],
    )
    def test_it_is_said_in_words(self, audit: Audit, phrase: str) -> None:
        assert audit.phrase() == phrase


class TestReaders:
    def test_json(self, view: StudyView, spending: Spending) -> None:
        shown = json.loads(json.dumps(to_json(view, spending), allow_nan=False))["spending"]
        assert shown["share"] == spending.share
        assert [level["certainty"] for level in shown["levels"]] == [one.certainty for one in spending.levels]
        assert {one["fate"] for level in shown["levels"] for one in level["candidates"]} >= {"winner", "stopped early"}

    def test_every_way_to_the_json_has_it(self, lab: Laboratory, spending: Spending) -> None:
        study = oracle.Study("s", lab.store.url)
        assert study.spending() == spending
        assert study.to_json()["spending"] == study.to_json(answers=True)["spending"] == spending.to_json()

    def test_the_page(self, view: StudyView, spending: Spending) -> None:
        page = render(view, spending)
        section = page.split('id="spending"')[1].split("</section>")[0]
        assert f"The race took {spending.complete + spending.stopped} trainings" in section
        assert "its budget is 50\u202f%" in section
        assert section.count("<tr>") == 2 + 3 + sum(len(level.candidates) for level in spending.levels)

    def test_a_study_that_is_no_race_says_nothing_of_it(self) -> None:
        with Laboratory(small_spec()) as lab:
            view = view_study(lab.finish().store, "s")
            assert spending_of(lab.store, view) is None
        assert "spending" not in to_json(view)
        assert 'id="spending"' not in render(view)


class TestTrialsUnderWay:
    def test_the_mean_is_over_the_wall_time(self, view: StudyView) -> None:
        assert view.cost.under_way is None
        assert "Trials under way" not in render(view)
        timed = replace(view, cost=replace(view.cost, compute_seconds=30.0, wall_seconds=20.0))
        assert timed.cost.under_way == 1.5
        assert re.search(r"Trials under way, on average</th><td>1\.5<", render(timed))
