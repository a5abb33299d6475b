"""What every database behind the store must do."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from studies import (
    CheckpointRecord,
    EpochRecord,
    FinishedTrial,
    RunRecord,
    Store,
    StudyError,
    StudyExists,
    StudyNotFound,
)
from tests.studies.samples import EPOCHS, GRADIENTS, RESULT, checkpoint, finish, new, result

if TYPE_CHECKING:
    from collections.abc import Callable

reuse_store = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


class TestStudies:
    def test_a_study_comes_back_as_it_went_in(self, store: Store) -> None:
        spec = {"p": 0.2, "nested": {"list": [1, None, "Δ", True]}}
        study = store.create_study("a", spec, "h" * 64, "/data/artifacts", {"commit": None})
        assert store.study("a") == study
        assert (study.name, study.spec, study.spec_hash) == ("a", spec, "h" * 64)
        assert (study.artifacts, study.provenance) == ("/data/artifacts", {"commit": None})

    def test_times_are_aware_and_in_utc(self, store: Store) -> None:
        created = store.create_study("a", {}, "h", "/a", {}).created_at
        assert created.tzinfo is UTC
        assert abs(created - datetime.now(UTC)) < timedelta(minutes=1)

    def test_a_name_is_given_once(self, store: Store) -> None:
        first = store.create_study("a", {"x": 1}, "h", "/a", {})
        with pytest.raises(StudyExists, match="'a'"):
            store.create_study("a", {"x": 2}, "h", "/a", {})
        assert store.studies() == [first]

    def test_an_unknown_name_lists_the_known_ones(self, store: Store) -> None:
        with pytest.raises(StudyNotFound, match="holds none yet"):
            store.study("x")
        for name in ("b", "a"):
            store.create_study(name, {}, "h", "/a", {})
        with pytest.raises(StudyNotFound, match=r"'x'.*there are 'a', 'b'"):
            store.study("x")
        assert [study.name for study in store.studies()] == ["b", "a"]

    @pytest.mark.parametrize("value", [math.nan, math.inf, object()])
    def test_only_plain_json_is_stored(self, store: Store, value: object) -> None:
        with pytest.raises(ValueError, match="spec"):
            store.create_study("a", {"x": value}, "h", "/a", {})
        with pytest.raises(ValueError, match="provenance"):
            store.create_study("a", {}, "h", "/a", {"x": [value]})
        assert store.studies() == []

    def test_deleting_takes_everything_below_and_nothing_beside(self, store: Store) -> None:
        runs = []
        for name in ("doomed", "kept"):
            study = store.create_study(name, {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            finish(store, trial.id, RESULT, [checkpoint("a"), checkpoint(name[0], "rewind")])
            store.decide_level(run.id, 0, 1.0, 0.1, False)
            runs.append(run.id)
        assert store.delete_study("doomed") == ["d" * 64]
        assert [study.name for study in store.studies()] == ["kept"]
        for run_id, number in zip(runs, (0, 1), strict=True):
            assert len(store.trials(run_id, curves=True)) == number
            assert len(store.levels(run_id)) == number
            assert len(store.checkpoints(run_id)) == 2 * number
        with pytest.raises(StudyNotFound):
            store.delete_study("doomed")

    def test_ids_of_the_deleted_are_not_given_again(self, store: Store) -> None:
        # A result that arrives late must not land in another study's trial.
        ids = []
        for _ in range(2):
            study = store.create_study("a", {}, "h", "/a", {})
            run = store.open_run(study.id, "oracle")
            [trial] = store.add_trials(run.id, [new()])
            ids.append(trial.id)
            store.delete_study("a")
        assert ids[0] != ids[1]
        with pytest.raises(StudyError, match="no trial"):
            finish(store, ids[0], RESULT)


class TestRuns:
    def test_opening_again_gives_the_same_run(self, store: Store) -> None:
        study = store.create_study("a", {}, "h", "/a", {})
        oracle, scyc = store.open_run(study.id, "oracle"), store.open_run(study.id, "scyc")
        assert store.open_run(study.id, "oracle") == oracle
        assert store.runs(study.id) == [oracle, scyc]
        assert (oracle.name, oracle.study_id, oracle.wall_seconds) == ("oracle", study.id, 0)

    def test_wall_time_adds_up(self, store: Store, run: RunRecord) -> None:
        store.add_wall_seconds(run.id, 1.5)
        store.add_wall_seconds(run.id, 2.0)
        assert store.open_run(run.study_id, run.name).wall_seconds == 3.5

    @pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
    def test_wall_time_is_a_duration(self, store: Store, run: RunRecord, seconds: float) -> None:
        with pytest.raises(ValueError, match="wall time"):
            store.add_wall_seconds(run.id, seconds)

    def test_what_does_not_exist_is_refused(self, store: Store) -> None:
        for act in (
            lambda: store.open_run(7, "oracle"),
            lambda: store.add_wall_seconds(7, 1.0),
            lambda: store.add_trials(7, [new()]),
            lambda: finish(store, 7, RESULT),
            lambda: store.fail_trial(7, "error"),
            lambda: store.decide_level(7, 0, 1.0, 0.1, False),
        ):
            with pytest.raises(StudyError):
                act()


class TestLevels:
    def test_a_decision_comes_back(self, store: Store, run: RunRecord) -> None:
        second = store.decide_level(run.id, 1, 0.8, 0.3, True)
        first = store.decide_level(run.id, 0, 1.0, 0.2, False)
        assert store.levels(run.id) == [first, second]
        assert (second.run_id, second.level, second.density) == (run.id, 1, 0.8)
        assert (second.winner, second.edge) == (0.3, True)

    def test_deciding_the_same_again_changes_nothing(self, store: Store, run: RunRecord) -> None:
        first = store.decide_level(run.id, 0, 1.0, 0.2, False)
        assert store.decide_level(run.id, 0, 1.0, 0.2, False) == first

    @pytest.mark.parametrize("other", [(0.9, 0.2, False), (1.0, 0.3, False), (1.0, 0.2, True)])
    def test_deciding_otherwise_is_refused(self, store: Store, run: RunRecord, other: tuple[Any, ...]) -> None:
        first = store.decide_level(run.id, 0, 1.0, 0.2, False)
        with pytest.raises(StudyError, match="decided already"):
            store.decide_level(run.id, 0, *other)
        assert store.levels(run.id) == [first]

    @pytest.mark.parametrize("bad", [(-1, 1.0, 0.2), (0, 1.1, 0.2), (0, 0.0, 0.2), (0, 1.0, 0.0)])
    def test_nonsense_is_refused(self, store: Store, run: RunRecord, bad: tuple[int, float, float]) -> None:
        with pytest.raises(StudyError, match="refuses the values"):
            store.decide_level(run.id, *bad, edge=False)
        assert store.levels(run.id) == []


class TestAddingTrials:
    def test_a_new_trial_is_pending(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new(level=2, seed=2**40, max_lr=0.3, parent="p" * 64, round=1)])
        assert (trial.run_id, trial.level, trial.seed, trial.max_lr) == (run.id, 2, 2**40, 0.3)
        assert (trial.parent, trial.round, trial.state) == ("p" * 64, 1, "pending")
        assert (trial.result, trial.error, trial.finished_at) == (None, None, None)
        assert store.trials(run.id) == [trial]

    @pytest.mark.parametrize("parent", [None, "p" * 64])
    def test_adding_again_returns_what_is_there(self, store: Store, run: RunRecord, parent: str | None) -> None:
        [first] = store.add_trials(run.id, [new(parent=parent)])
        finish(store, first.id, RESULT)
        again, other = store.add_trials(run.id, [new(parent=parent, round=5), new(seed=1, parent=parent)])
        assert (again.id, again.round, again.state) == (first.id, 0, "complete")
        assert again.result == result(epochs=())
        assert (other.seed, other.state) == (1, "pending")
        assert store.counts(run.id) == {"pending": 1, "complete": 1, "failed": 0}

    def test_every_part_of_the_key_counts(self, store: Store, run: RunRecord) -> None:
        base = new(level=1, parent="p" * 64)
        variants = [base, replace(base, level=2), replace(base, seed=1), replace(base, max_lr=0.2)]
        variants += [replace(base, parent="q" * 64), replace(base, spec_hash="h" * 64)]
        other_run = store.open_run(run.study_id, "scyc")
        ids = [t.id for r in (run, other_run) for t in store.add_trials(r.id, variants)]
        assert len(set(ids)) == 12
        assert [trial.spec_hash for trial in store.add_trials(run.id, variants)] == [""] * 5 + ["h" * 64]

    def test_records_come_in_the_order_asked_for(self, store: Store, run: RunRecord) -> None:
        wanted = [new(seed=3), new(seed=1), new(level=4), new(seed=3), new(seed=2)]
        trials = store.add_trials(run.id, wanted)
        assert [(t.level, t.seed) for t in trials] == [(t.level, t.seed) for t in wanted]
        assert trials[0] == trials[3]
        assert len(store.trials(run.id)) == 4
        assert store.add_trials(run.id, []) == []

    @pytest.mark.parametrize("max_lr", [math.nan, math.inf, -math.inf])
    def test_a_rate_that_is_not_finite_is_refused(self, store: Store, run: RunRecord, max_lr: float) -> None:
        with pytest.raises(ValueError, match="max_lr"):
            store.add_trials(run.id, [new(), new(max_lr=max_lr)])
        assert store.trials(run.id) == []

    @pytest.mark.parametrize("bad", [{"level": -1}, {"max_lr": 0.0}, {"max_lr": -0.1}, {"round": -1}])
    def test_nonsense_is_refused_as_a_whole(self, store: Store, run: RunRecord, bad: dict[str, Any]) -> None:
        with pytest.raises(StudyError, match="refuses the values"):
            store.add_trials(run.id, [new(seed=1), new(**bad)])
        assert store.trials(run.id) == []

    @reuse_store
    @given(max_lr=st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False))
    def test_a_rate_comes_back_to_the_last_bit(self, store: Store, run: RunRecord, max_lr: float) -> None:
        [trial] = store.add_trials(run.id, [new(max_lr=max_lr)])
        assert trial.max_lr.hex() == max_lr.hex()
        assert store.add_trials(run.id, [new(max_lr=max_lr)]) == [trial]


class TestFinishing:
    def test_everything_comes_back(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        assert finish(store, trial.id, RESULT, [checkpoint("c"), checkpoint("d", "rewind")])
        [done] = store.trials(run.id, curves=True)
        assert (done.state, done.result, done.error) == ("complete", RESULT, None)
        assert done.finished_at is not None
        assert done.finished_at >= done.created_at
        assert store.trials(run.id)[0].result == result(epochs=())

    def test_a_diverged_training_is_an_observation(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        curve = (EpochRecord(epoch=0, train_loss=None, val_loss=None, val_accuracy=0.1),)
        blown = result(diverged=True, val_loss=None, test_loss=None, train_loss=None, rewind_point=None, epochs=curve)
        finish(store, trial.id, blown)
        assert store.trials(run.id, curves=True)[0].result == blown

    def test_nothing_is_overwritten(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        finish(store, trial.id, RESULT, [checkpoint("a")])
        before = store.trials(run.id, curves=True), store.checkpoints(run.id)
        assert not finish(store, trial.id, result(val_accuracy=0.1, epochs=EPOCHS[:1]), [checkpoint("b")])
        assert not store.fail_trial(trial.id, "too late")
        assert (store.trials(run.id, curves=True), store.checkpoints(run.id)) == before

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize(
        "change",
        [
            *(
                lambda value, name=name: result(**{name: value})
                for name in (
                    "val_accuracy",
                    "test_accuracy",
                    "val_loss",
                    "test_loss",
                    "train_loss",
                    "density",
                    "seconds",
                )
            ),
            *(
                lambda value, name=name: result(epochs=(*EPOCHS, replace(EPOCHS[0], epoch=9, **{name: value})))
                for name in ("train_loss", "val_loss", "val_accuracy")
            ),
        ],
    )
    def test_what_is_not_finite_never_gets_in(
        self, store: Store, run: RunRecord, change: Callable[[float], Any], value: float
    ) -> None:
        trials = store.add_trials(run.id, [new()])
        with pytest.raises(ValueError, match="finite"):
            finish(store, trials[0].id, change(value), [checkpoint("a")])
        assert store.trials(run.id, curves=True) == trials
        assert store.checkpoints(run.id) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"val_accuracy": 1.5},
            {"test_accuracy": -0.1},
            {"density": 0.0},
            {"seconds": -1.0},
            {"checkpoint": None},
            {"epochs": (EPOCHS[0], EPOCHS[0])},
            {"epochs": (replace(EPOCHS[0], val_accuracy=90.0),)},
        ],
    )
    def test_nonsense_leaves_no_trace(self, store: Store, run: RunRecord, change: dict[str, Any]) -> None:
        trials = store.add_trials(run.id, [new()])
        with pytest.raises(StudyError, match="nothing was written"):
            finish(store, trials[0].id, result(**change), [checkpoint("a")])
        assert store.trials(run.id, curves=True) == trials
        assert store.checkpoints(run.id) == []

    def test_numbers_of_numpy_are_numbers(self, store: Store, run: RunRecord) -> None:
        numpy = pytest.importorskip("numpy")
        [trial] = store.add_trials(run.id, [new(level=numpy.int64(0), seed=numpy.int64(3), max_lr=numpy.float32(0.5))])
        finish(store, trial.id, result(val_accuracy=numpy.float32(0.75), diverged=numpy.bool_(True)))
        [done] = store.trials(run.id)
        assert (done.seed, done.max_lr) == (3, 0.5)
        assert done.result is not None
        assert (done.result.val_accuracy, done.result.diverged) == (0.75, True)

    @reuse_store
    @given(
        accuracy=st.floats(min_value=0, max_value=1),
        loss=st.none() | st.floats(allow_infinity=False, allow_nan=False),
        seed=st.integers(min_value=0, max_value=2**63 - 1),
    )
    def test_measurements_come_back_to_the_last_bit(
        self, store: Store, run: RunRecord, accuracy: float, loss: float | None, seed: int
    ) -> None:
        [trial] = store.add_trials(run.id, [new(seed=seed)])
        measured = result(val_accuracy=accuracy, val_loss=loss, epochs=())
        if finish(store, trial.id, measured):
            [back] = store.add_trials(run.id, [new(seed=seed)])
            assert back.result == measured


class TestFinishingTogether:
    def test_it_comes_to_what_one_by_one_comes_to(self, store: Store, run: RunRecord) -> None:
        finished = [
            (result(val_accuracy=0.1 * i, epochs=EPOCHS[:i], gradients=GRADIENTS[:i]), [checkpoint("abc"[i])])
            for i in range(3)
        ]
        outcomes = []
        for together in (True, False):
            each = store.open_run(run.study_id, f"together {together}")
            trials = store.add_trials(each.id, [new(seed=i) for i in range(4)])
            store.retry_trial(trials[1].id, "once")
            store.fail_trial(trials[2].id, "lost")
            batch = [FinishedTrial(t.id, *what) for t, what in zip(trials, finished, strict=False)]
            for some in [batch[::-1]] if together else [[one] for one in batch]:
                assert store.finish_trials(some) == []
            seeds = {trial.id: trial.seed for trial in trials}
            outcomes.append(
                [
                    [(t.seed, t.state, t.error, t.attempts, t.result) for t in store.trials(each.id, curves=True)],
                    {seeds[trial_id]: found for trial_id, found in store.gradients(each.id).items()},
                    sorted((seeds[kept.trial_id], kept.hash, kept.kind) for kept in store.checkpoints(each.id)),
                ]
            )
        assert outcomes[0] == outcomes[1]
        assert outcomes[0][2] == [(i, "abc"[i] * 64, "trained") for i in range(3)]

    def test_those_that_are_complete_are_left_alone_and_named(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [new(seed=i) for i in range(3)])
        finish(store, trials[1].id, result(val_accuracy=0.1), [checkpoint("a")])
        again = [FinishedTrial(trial.id, result(val_accuracy=0.2), [checkpoint("b")]) for trial in trials]
        twice = FinishedTrial(trials[0].id, result(val_accuracy=0.3), [checkpoint("c")])
        assert store.finish_trials([*again, twice]) == [trials[1].id, trials[0].id]
        found = [trial.result.val_accuracy for trial in store.trials(run.id) if trial.result is not None]
        assert found == [0.2, 0.1, 0.2]
        assert [kept.hash[0] for kept in store.checkpoints(run.id)] == ["b", "a", "b"]

    @pytest.mark.parametrize("bad", [{"val_accuracy": 1.5}, {"val_accuracy": math.nan}, {"epochs": EPOCHS[:1] * 2}])
    def test_one_that_is_nonsense_spoils_them_all(self, store: Store, run: RunRecord, bad: dict[str, Any]) -> None:
        trials = store.add_trials(run.id, [new(seed=i) for i in range(3)])
        results = [RESULT, result(**bad), RESULT]
        with pytest.raises((StudyError, ValueError)):
            store.finish_trials([FinishedTrial(t.id, r) for t, r in zip(trials, results, strict=True)])
        assert store.trials(run.id, curves=True) == trials

    def test_one_that_is_not_there_spoils_them_all(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        with pytest.raises(StudyError, match="no trial 99"):
            store.finish_trials([FinishedTrial(trial.id, RESULT), FinishedTrial(99, RESULT)])
        assert store.trials(run.id) == [trial]

    def test_nothing_is_nothing(self, store: Store) -> None:
        assert store.finish_trials([]) == []

    @pytest.mark.parametrize("number", [1, 1200])
    def test_it_takes_a_handful_of_statements(self, store: Store, run: RunRecord, number: int) -> None:
        trials = store.add_trials(run.id, [new(seed=seed) for seed in range(number)])
        measured = result(gradients=GRADIENTS)
        finished = [FinishedTrial(trial.id, measured, [checkpoint("a")]) for trial in trials]
        statements: list[str] = []

        def note(*given: Any) -> None:
            statements.append(given[2])

        event.listen(store._database._engine, "before_cursor_execute", note)
        store.finish_trials(finished)
        assert len(statements) <= 7
        assert store.counts(run.id)["complete"] == number
        assert store.epochs_trained(run.id) == 3 * number
        assert len(store.gradients(run.id)) == len(store.checkpoints(run.id)) == number


class TestFailing:
    def test_a_failed_trial_says_why_and_can_be_tried_again(self, store: Store, run: RunRecord) -> None:
        trial, bystander = store.add_trials(run.id, [new(), new(seed=1)])
        assert store.fail_trial(trial.id, "out of memory")
        assert not store.fail_trial(trial.id, "another reason")
        failed = store.trials(run.id)[0]
        assert (failed.state, failed.error, failed.result) == ("failed", "out of memory", None)
        assert failed.finished_at is not None
        assert store.counts(run.id) == {"pending": 1, "complete": 0, "failed": 1}
        assert store.requeue_failed(run.id) == 1
        assert store.requeue_failed(run.id) == 0
        assert store.trials(run.id) == [trial, bystander]

    def test_requeueing_leaves_other_runs_and_results_alone(self, store: Store, run: RunRecord) -> None:
        other = store.open_run(run.study_id, "scyc")
        done, _ = store.add_trials(run.id, [new(), new(seed=1)])
        [failed] = store.add_trials(other.id, [new()])
        finish(store, done.id, RESULT)
        store.fail_trial(failed.id, "lost")
        assert store.requeue_failed(run.id) == 0
        assert store.counts(other.id)["failed"] == 1
        assert store.counts(run.id)["complete"] == 1

    def test_a_result_that_arrives_after_all_is_taken(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        store.fail_trial(trial.id, "worker lost")
        assert finish(store, trial.id, RESULT)
        [done] = store.trials(run.id, curves=True)
        assert (done.state, done.error, done.result) == ("complete", None, RESULT)


class TestReading:
    def test_order_and_levels(self, store: Store, run: RunRecord) -> None:
        keys = list(product((0, 1), (0, 1), (0.1, 0.2), (0, 1)))
        # The round is no part of a trial's key, so every round has its own parent here.
        asked = [new(m, seed, lr, parent=f"p{round_}", round=round_) for m, round_, lr, seed in reversed(keys)]
        store.add_trials(run.id, asked)
        trials = store.trials(run.id)
        assert [(t.level, t.round, t.max_lr, t.seed) for t in trials] == keys
        assert store.trials(run.id, level=1) == [t for t in trials if t.level == 1]
        assert store.trials(run.id, level=2) == []

    def test_curves_belong_to_their_trials(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [new(level=i % 2, seed=i) for i in range(6)])
        curves = {}
        for trial in trials[:5]:
            curve = tuple(EpochRecord(i, float(trial.seed), None, 0.5) for i in range(trial.seed))
            finish(store, trial.id, result(epochs=curve))
            curves[trial.id] = curve
        for level in (None, 0, 1):
            for trial in store.trials(run.id, level=level, curves=True):
                assert (trial.result.epochs if trial.result else None) == curves.get(trial.id)


class TestRetrying:
    def test_a_failed_attempt_leaves_the_trial_pending(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        assert trial.attempts == 0
        assert store.retry_trial(trial.id, "out of memory") == 1
        assert store.retry_trial(trial.id, "a worker died") == 2
        [pending] = store.trials(run.id)
        assert (pending.state, pending.attempts, pending.error) == ("pending", 2, "a worker died")
        assert pending.finished_at is None

    def test_the_last_failure_counts_too(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        store.retry_trial(trial.id, "once")
        assert store.fail_trial(trial.id, "twice")
        [failed] = store.trials(run.id)
        assert (failed.state, failed.attempts, failed.error) == ("failed", 2, "twice")

    def test_success_forgets_the_reasons_not_the_number(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        store.retry_trial(trial.id, "once")
        finish(store, trial.id, RESULT)
        [done] = store.trials(run.id)
        assert (done.state, done.attempts, done.error) == ("complete", 1, None)

    def test_what_has_ended_is_not_counted(self, store: Store, run: RunRecord) -> None:
        done, failed = store.add_trials(run.id, [new(), new(seed=1)])
        finish(store, done.id, RESULT)
        store.fail_trial(failed.id, "error")
        before = store.trials(run.id)
        assert (store.retry_trial(done.id, "late"), store.retry_trial(failed.id, "late")) == (0, 1)
        assert store.trials(run.id) == before

    def test_a_second_chance_is_a_whole_one(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        store.fail_trial(trial.id, "error")
        assert store.requeue_failed(run.id) == 1
        assert store.trials(run.id) == [trial]
        assert store.retry_trial(trial.id, "again") == 1

    def test_there_must_be_a_trial(self, store: Store) -> None:
        with pytest.raises(StudyError, match="no trial 7"):
            store.retry_trial(7, "error")

    def test_a_crash_may_print_anything(self, store: Store, run: RunRecord) -> None:
        first, second = store.add_trials(run.id, [new(), new(seed=1)])
        store.retry_trial(first.id, "a\0b \ud800 Δ")
        store.fail_trial(second.id, "a\0b \ud800 Δ")
        assert [trial.error for trial in store.trials(run.id)] == ["a\ufffdb ? Δ"] * 2


class TestAdopting:
    def test_trials_without_a_hash_get_it(self, store: Store, run: RunRecord) -> None:
        other = store.open_run(run.study_id, "scyc")
        for run_id in (run.id, other.id):
            [trial] = store.add_trials(run_id, [new()])
            finish(store, trial.id, RESULT)
        [twin, hashed] = store.add_trials(run.id, [new(seed=1), replace(new(seed=1), spec_hash="h")])
        [foreign] = store.add_trials(run.id, [replace(new(seed=2), spec_hash="g")])
        assert store.adopt_trials(run.id, "h") == 1
        assert store.adopt_trials(run.id, "h") == 0
        assert [trial.spec_hash for trial in store.trials(other.id)] == [""]
        known = store.add_trials(run.id, [replace(new(), spec_hash="h"), replace(new(seed=1), spec_hash="h")])
        assert (known[0].state, known[1]) == ("complete", hashed)
        assert {trial.id: trial.spec_hash for trial in store.trials(run.id)} == {
            known[0].id: "h",
            twin.id: "",
            hashed.id: "h",
            foreign.id: "g",
        }


def test_a_thousand_trials_at_once(store: Store, run: RunRecord) -> None:
    asked = [new(level=seed % 3, seed=seed) for seed in range(1200)]
    trials = store.add_trials(run.id, asked)
    assert [trial.seed for trial in trials] == list(range(1200))
    assert store.add_trials(run.id, asked) == trials


class TestCheckpoints:
    def test_lineage(self, store: Store, run: RunRecord) -> None:
        first, second = store.add_trials(run.id, [new(), new(level=1, parent="a" * 64)])
        finish(store, first.id, RESULT, [checkpoint("a"), checkpoint("r", "rewind")])
        finish(store, second.id, RESULT, [checkpoint("b", parent="a" * 64)])
        assert store.checkpoints(run.id) == [
            CheckpointRecord("r" * 64, "rewind", 1000, first.id, None),
            CheckpointRecord("a" * 64, "trained", 1000, first.id, None),
            CheckpointRecord("b" * 64, "trained", 1000, second.id, "a" * 64),
        ]

    def test_the_forgotten_keep_their_results(self, store: Store, run: RunRecord) -> None:
        winner, loser = store.add_trials(run.id, [new(), new(max_lr=0.2)])
        finish(store, winner.id, RESULT, [checkpoint("a")])
        finish(store, loser.id, RESULT, [checkpoint("b")])
        assert store.forget_checkpoints([loser.id]) == ["b" * 64]
        assert [c.hash for c in store.checkpoints(run.id)] == ["a" * 64]
        assert {t.state for t in store.trials(run.id)} == {"complete"}
        assert store.forget_checkpoints([loser.id]) == []
        assert store.forget_checkpoints([]) == []

    def test_what_another_trial_needs_is_not_given_up(self, store: Store, run: RunRecord) -> None:
        # Rewind points before the learning rates part, or a schedule that repeats a candidate: equal weights.
        other_run = store.open_run(run.study_id, "scyc")
        winner, loser = store.add_trials(run.id, [new(), new(max_lr=0.2)])
        [repeated] = store.add_trials(other_run.id, [new(max_lr=0.2)])
        finish(store, winner.id, RESULT, [checkpoint("a"), checkpoint("r", "rewind")])
        finish(store, loser.id, RESULT, [checkpoint("b"), checkpoint("r", "rewind")])
        finish(store, repeated.id, RESULT, [checkpoint("b")])
        assert store.forget_checkpoints([loser.id]) == []
        assert store.forget_checkpoints([repeated.id]) == ["b" * 64]
        assert store.forget_checkpoints([winner.id]) == ["a" * 64, "r" * 64]

    def test_equal_weights_in_another_store_are_another_file(self, store: Store, run: RunRecord) -> None:
        elsewhere = store.create_study("elsewhere", {}, "h", "memory://b", {})
        [here] = store.add_trials(run.id, [new()])
        [there] = store.add_trials(store.open_run(elsewhere.id, "oracle").id, [new()])
        for trial in (here, there):
            finish(store, trial.id, RESULT, [checkpoint("a")])
        assert store.forget_checkpoints([here.id]) == ["a" * 64]
        assert store.delete_study("elsewhere") == ["a" * 64]


def test_threads_share_a_store(store: Store, run: RunRecord) -> None:
    def work(seed: int) -> None:
        for level in range(5):
            trials = store.add_trials(run.id, [new(level=level, seed=seed), new(level=level, seed=99)])
            for trial in trials:
                finish(store, trial.id, RESULT)
            store.add_wall_seconds(run.id, 1.0)

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts(run.id) == {"pending": 0, "complete": 25, "failed": 0}
    assert store.open_run(run.study_id, run.name).wall_seconds == 20
