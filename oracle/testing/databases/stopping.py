"""Trials that are stopped by their rules."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oracle.testing.databases.case import DatabaseCase
from oracle.testing.records import EPOCHS, MACHINE, RESULT, checkpoint, finish, new, ruled, stopped
from studies import StoppedTrial, StudyError

if TYPE_CHECKING:
    from studies import RunRecord, Store


class Rules(DatabaseCase):
    """A trial keeps the rule that it was added with."""

    def test_a_rule_comes_back(self, store: Store, run: RunRecord) -> None:
        added = store.add_trials(run.id, [ruled(1, 0.1), ruled(2, 1.0, seed=1), new(seed=2)])
        assert [(trial.stop_epoch, trial.stop_below) for trial in added] == [(1, 0.1), (2, 1.0), (None, None)]
        assert store.trials(run.id) == added
        assert all(isinstance(trial.stop_below, float) for trial in added[:2])

    def test_it_is_no_part_of_what_identifies_a_trial(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [ruled(1, 0.5)])
        assert store.add_trials(run.id, [ruled(2, 0.6)]) == store.add_trials(run.id, [new()]) == [trial]

    @pytest.mark.parametrize(("epoch", "below"), [(None, 0.5), (1, None), (-1, 0.5)])
    def test_nonsense_is_refused(self, store: Store, run: RunRecord, epoch: int | None, below: float | None) -> None:
        with pytest.raises(StudyError, match="nothing was written"):
            store.add_trials(run.id, [replace(new(), stop_epoch=epoch, stop_below=below)])
        assert store.trials(run.id) == []


class Stopping(DatabaseCase):
    """A trial that is stopped has a curve and no result, and stays as it is."""

    def test_everything_comes_back(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [ruled(2, 0.5)])
        store.retry_trial(trial.id, "a worker died")
        assert store.stop_trials([StoppedTrial(trial.id, stopped(), MACHINE)]) == []
        [found] = store.trials(run.id, curves=True)
        assert (found.state, found.result, found.stopped, found.error) == ("stopped", None, stopped(), None)
        assert found.finished_at is not None
        assert (found.stop_epoch, found.stop_below, found.attempts) == (2, 0.5, 1)
        assert store.trials(run.id)[0].stopped == stopped(epochs=())
        assert store.trial_machines(run.id) == {trial.id: MACHINE.hash}

    def test_it_is_counted(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [ruled(2, 0.5, seed=seed) for seed in range(4)])
        store.stop_trials([StoppedTrial(trial.id, stopped()) for trial in trials[:2]])
        finish(store, trials[2].id, RESULT)
        assert store.counts(run.id) == {"pending": 1, "complete": 1, "failed": 0, "stopped": 2}
        assert store.epochs_trained(run.id) == 3 * len(EPOCHS)
        assert store.finished_since(run.id, trials[0].created_at) == 3

    def test_nothing_is_overwritten(self, store: Store, run: RunRecord) -> None:
        first, second = store.add_trials(run.id, [ruled(2, 0.5, seed=seed) for seed in range(2)])
        store.stop_trials([StoppedTrial(first.id, stopped())])
        finish(store, second.id, RESULT, [checkpoint("a")])
        before = store.trials(run.id, curves=True), store.checkpoints(run.id)
        assert not finish(store, first.id, RESULT, [checkpoint("b")])
        other = stopped(seconds=9.0, epochs=EPOCHS[:1])
        assert store.stop_trials([StoppedTrial(trial.id, other) for trial in (second, first)]) == [second.id, first.id]
        assert not store.fail_trial(first.id, "too late")
        assert store.retry_trial(first.id, "too late") == 0
        assert store.requeue_failed(run.id) == 0
        assert (store.trials(run.id, curves=True), store.checkpoints(run.id)) == before

    def test_one_that_failed_may_be_stopped_after_all(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [ruled(2, 0.5)])
        store.fail_trial(trial.id, "worker lost")
        twice = [StoppedTrial(trial.id, stopped()), StoppedTrial(trial.id, stopped(seconds=2.0))]
        assert store.stop_trials(twice) == [trial.id]
        [found] = store.trials(run.id, curves=True)
        assert (found.state, found.stopped, found.error) == ("stopped", stopped(), None)

    @pytest.mark.parametrize(
        "bad", [{"seconds": -1.0}, {"seconds": math.nan}, {"seconds": None}, {"epochs": EPOCHS[:1] * 2}]
    )
    def test_one_that_is_nonsense_spoils_them_all(self, store: Store, run: RunRecord, bad: dict[str, Any]) -> None:
        trials = store.add_trials(run.id, [ruled(2, 0.5, seed=seed) for seed in range(2)])
        with pytest.raises((StudyError, ValueError, TypeError)):
            store.stop_trials([StoppedTrial(trials[0].id, stopped()), StoppedTrial(trials[1].id, stopped(**bad))])
        assert store.trials(run.id, curves=True) == trials

    def test_only_a_trial_with_a_rule_is_stopped(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [new()])
        with pytest.raises(StudyError, match="nothing was written"):
            store.stop_trials([StoppedTrial(trials[0].id, stopped())])
        with pytest.raises(StudyError, match="no trial 99"):
            store.stop_trials([StoppedTrial(99, stopped())])
        assert store.stop_trials([]) == []
        assert store.trials(run.id, curves=True) == trials

    def test_it_goes_with_its_study(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [ruled(2, 0.5)])
        store.stop_trials([StoppedTrial(trial.id, stopped(), MACHINE)])
        copy = store.load_study(store.dump_study("s"), name="copy")
        [found] = store.trials(store.runs(copy.id)[0].id, curves=True)
        assert (found.state, found.stopped, found.stop_epoch) == ("stopped", stopped(), 2)
        assert (found.stop_below, found.finished_at) == (0.5, store.trials(run.id)[0].finished_at)
