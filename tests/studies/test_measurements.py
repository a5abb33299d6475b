"""Gradients and answers of trials, and what runs measure when a level begins."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.testing.records import ANSWERS, GRADIENTS, finish, new, result
from studies import MeasurementRecord, RunRecord, Store, StudyError

if TYPE_CHECKING:
    from typing import Any

MEASURED = MeasurementRecord(level=2, seed=1, parent="a" * 64, value=0.1 / 3, epochs=1.5)


class TestGradients:
    def test_come_back_by_trial(self, store: Store, run: RunRecord) -> None:
        with_, without = store.add_trials(run.id, [new(seed=0), new(seed=1)])
        finish(store, with_.id, result(gradients=GRADIENTS))
        finish(store, without.id, result())
        assert store.gradients(run.id) == {with_.id: GRADIENTS}

    @pytest.mark.parametrize(
        "change", [{"std": math.nan}, {"mean": math.inf}, {"kurtosis": math.nan}, {"quantiles": (0.0, math.nan)}]
    )
    def test_what_is_not_finite_never_gets_in(self, store: Store, run: RunRecord, change: dict[str, Any]) -> None:
        [trial] = store.add_trials(run.id, [new()])
        with pytest.raises(ValueError, match="only finite numbers"):
            finish(store, trial.id, result(gradients=(replace(GRADIENTS[0], **change),)))
        assert store.counts(run.id)["complete"] == 0

    def test_belong_to_their_run(self, store: Store, run: RunRecord) -> None:
        other = store.open_run(run.study_id, "constant")
        [trial] = store.add_trials(run.id, [new()])
        finish(store, trial.id, result(gradients=GRADIENTS))
        assert store.gradients(other.id) == {}


class TestAnswers:
    def test_come_back_by_split_and_trial(self, store: Store, run: RunRecord) -> None:
        both, one, none = store.add_trials(run.id, [new(seed=seed) for seed in range(3)])
        test, validation = ANSWERS
        finish(store, both.id, result(answers=ANSWERS))
        finish(store, one.id, result(answers=(validation,)))
        finish(store, none.id, result())
        assert store.answers(run.id, "validation") == {both.id: validation, one.id: validation}
        assert store.answers(run.id, "validation", [one.id, none.id]) == {one.id: validation}
        assert store.answers(run.id, "test") == {both.id: test}
        assert store.answers(run.id + 1, "test") == {}

    @pytest.mark.parametrize("change", [{"split": "train"}, {"examples": 0}, {"bits": None}])
    def test_nonsense_leaves_no_trace(self, store: Store, run: RunRecord, change: dict[str, Any]) -> None:
        [trial] = store.add_trials(run.id, [new()])
        with pytest.raises(StudyError, match="nothing was written"):
            finish(store, trial.id, result(answers=(replace(ANSWERS[0], **change),)))
        assert store.counts(run.id)["complete"] == 0


class TestMeasurements:
    def test_the_first_stands(self, store: Store, run: RunRecord) -> None:
        assert store.add_measurement(run.id, MEASURED) == MEASURED
        assert store.add_measurement(run.id, replace(MEASURED, value=1.0)) == MEASURED
        assert store.measurements(run.id) == [MEASURED]

    def test_come_by_level_and_seed(self, store: Store, run: RunRecord) -> None:
        found = [MeasurementRecord(level, seed, None, 1.0, 0.0) for level in (0, 1) for seed in (3, 4)]
        for measurement in reversed(found):
            store.add_measurement(run.id, measurement)
        assert store.measurements(run.id) == found

    @pytest.mark.parametrize("change", [{"value": math.nan}, {"epochs": math.inf}])
    def test_what_is_not_finite_never_gets_in(self, store: Store, run: RunRecord, change: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="only finite numbers"):
            store.add_measurement(run.id, replace(MEASURED, **change))
        assert store.measurements(run.id) == []

    def test_there_must_be_a_run(self, store: Store) -> None:
        with pytest.raises(StudyError, match="no run 77"):
            store.add_measurement(77, MEASURED)


class TestRuns:
    def test_the_first_policy_stands(self, store: Store, run: RunRecord) -> None:
        policy = {"schedule": {"kind": "constant", "max_lr": 0.1}}
        made = store.open_run(run.study_id, "constant", policy)
        assert made.policy == policy
        assert store.open_run(run.study_id, "constant", {"schedule": {}}) == made
        assert run.policy is None

    def test_deleting_takes_everything_below_and_nothing_beside(self, store: Store, run: RunRecord) -> None:
        other = store.open_run(run.study_id, "constant", {})
        for each in (run, other):
            [trial] = store.add_trials(each.id, [new()])
            finish(store, trial.id, result(gradients=GRADIENTS, answers=ANSWERS))
            store.add_measurement(each.id, MEASURED)
        store.delete_run(other.id)
        assert store.runs(run.study_id) == [run]
        assert len(store.gradients(run.id)) == len(store.answers(run.id, "test")) == 1
        assert store.measurements(run.id) == [MEASURED]
        assert store.measurements(other.id) == []
        with pytest.raises(StudyError, match="no run"):
            store.delete_run(other.id)

    def test_an_export_holds_it_all(self, store: Store, run: RunRecord) -> None:
        [study] = store.studies()
        other = store.open_run(study.id, "constant", {"schedule": {}})
        [trial] = store.add_trials(other.id, [new()])
        finish(store, trial.id, result(gradients=GRADIENTS, answers=ANSWERS))
        store.add_measurement(other.id, MEASURED)
        copy = store.load_study(store.dump_study(study.name), name="copy")
        [_, again] = store.runs(copy.id)
        assert again.policy == other.policy
        assert list(store.gradients(again.id).values()) == [GRADIENTS]
        assert [*store.answers(again.id, "test").values(), *store.answers(again.id, "validation").values()] == [
            *ANSWERS
        ]
        assert store.measurements(again.id) == [MEASURED]
