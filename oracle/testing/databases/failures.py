"""Trials that fail, and second chances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.testing.databases.case import DatabaseCase
from oracle.testing.records import RESULT, finish, new
from studies import StudyError

if TYPE_CHECKING:
    from studies import RunRecord, Store


class Failing(DatabaseCase):
    """A failed trial says why."""

    def test_a_failed_trial_says_why_and_can_be_tried_again(self, store: Store, run: RunRecord) -> None:
        trial, bystander = store.add_trials(run.id, [new(), new(seed=1)])
        assert store.fail_trial(trial.id, "out of memory")
        assert not store.fail_trial(trial.id, "another reason")
        failed = store.trials(run.id)[0]
        assert (failed.state, failed.error, failed.result) == ("failed", "out of memory", None)
        assert failed.finished_at is not None
        assert store.counts(run.id) == {"pending": 1, "complete": 0, "failed": 1, "stopped": 0}
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


class Retrying(DatabaseCase):
    """Attempts are counted."""

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

    def test_only_what_is_a_trial_is_tried_again(self, store: Store) -> None:
        with pytest.raises(StudyError, match="no trial 7"):
            store.retry_trial(7, "error")

    def test_a_crash_may_print_anything(self, store: Store, run: RunRecord) -> None:
        first, second = store.add_trials(run.id, [new(), new(seed=1)])
        store.retry_trial(first.id, "a\0b \ud800 Δ")
        store.fail_trial(second.id, "a\0b \ud800 Δ")
        assert [trial.error for trial in store.trials(run.id)] == ["a\ufffdb ? Δ"] * 2
