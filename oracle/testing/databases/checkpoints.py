"""Which weights are kept, and several threads at once."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from oracle.testing.databases.case import DatabaseCase
from oracle.testing.records import RESULT, checkpoint, finish, new
from studies import CheckpointRecord

if TYPE_CHECKING:
    from studies import RunRecord, Store


class Checkpoints(DatabaseCase):
    """Weights are forgotten only if no trial needs them any more."""

    def test_checkpoints_know_their_trial_and_their_parent(self, store: Store, run: RunRecord) -> None:
        first, second = store.add_trials(run.id, [new(), new(level=1, parent="a" * 64)])
        finish(store, first.id, RESULT, [checkpoint("a"), checkpoint("r", "rewind")])
        finish(store, second.id, RESULT, [checkpoint("b", parent="a" * 64)])
        assert store.checkpoints(run.id) == [
            CheckpointRecord("r" * 64, "rewind", 1000, first.id, None),
            CheckpointRecord("a" * 64, "trained", 1000, first.id, None),
            CheckpointRecord("b" * 64, "trained", 1000, second.id, "a" * 64),
        ]

    def test_trials_whose_weights_are_forgotten_keep_their_results(self, store: Store, run: RunRecord) -> None:
        winner, loser = store.add_trials(run.id, [new(), new(max_lr=0.2)])
        finish(store, winner.id, RESULT, [checkpoint("a")])
        finish(store, loser.id, RESULT, [checkpoint("b")])
        assert store.forget_checkpoints([loser.id]) == ["b" * 64]
        assert [c.hash for c in store.checkpoints(run.id)] == ["a" * 64]
        assert {t.state for t in store.trials(run.id)} == {"complete"}
        assert store.forget_checkpoints([loser.id]) == []
        assert store.forget_checkpoints([]) == []

    def test_what_another_trial_needs_is_not_given_up(self, store: Store, run: RunRecord) -> None:
        # Equal weights: rewind points from before the learning rates differ, or a schedule that repeats a candidate.
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


class Threads(DatabaseCase):
    """Several threads can share a store."""

    def test_threads_share_a_store(self, store: Store, run: RunRecord) -> None:
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
        assert store.counts(run.id) == {"pending": 0, "complete": 25, "failed": 0, "stopped": 0}
        assert store.open_run(run.study_id, run.name).wall_seconds == 20
