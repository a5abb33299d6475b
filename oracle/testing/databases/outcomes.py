"""Results of trials."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from oracle.testing.databases.case import DatabaseCase
from oracle.testing.records import ANSWERS, EPOCHS, GRADIENTS, MACHINE, RESULT, checkpoint, finish, new, result
from studies import EpochRecord, FinishedTrial, StartRecord, StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from studies import RunRecord, Store


class Finishing(DatabaseCase):
    """A result is written as a whole or not at all, and never overwritten."""

    def test_everything_of_a_result_comes_back(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        assert finish(store, trial.id, RESULT, [checkpoint("c"), checkpoint("d", "rewind")])
        [done] = store.trials(run.id, curves=True)
        assert (done.state, done.result, done.error) == ("complete", RESULT, None)
        assert done.finished_at is not None
        assert done.finished_at >= done.created_at
        assert store.trials(run.id)[0].result == result(epochs=())

    def test_a_diverged_training_is_an_observation(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        curve = (EpochRecord(step=0, train_loss=None, val_loss=None, val=0.1),)
        blown = result(diverged=True, val_loss=None, test_loss=None, train_loss=None, rewind_point=None, epochs=curve)
        finish(store, trial.id, blown)
        assert store.trials(run.id, curves=True)[0].result == blown

    def test_nothing_is_overwritten(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        finish(store, trial.id, RESULT, [checkpoint("a")])
        before = store.trials(run.id, curves=True), store.checkpoints(run.id)
        assert not finish(store, trial.id, result(val=0.1, epochs=EPOCHS[:1]), [checkpoint("b")])
        assert not store.fail_trial(trial.id, "too late")
        assert (store.trials(run.id, curves=True), store.checkpoints(run.id)) == before

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize(
        "change",
        [
            *(
                lambda value, name=name: result(**{name: value})
                for name in (
                    "val",
                    "test",
                    "val_loss",
                    "test_loss",
                    "train_loss",
                    "density",
                    "seconds",
                )
            ),
            *(
                lambda value, name=name: result(epochs=(*EPOCHS, replace(EPOCHS[0], step=9, **{name: value})))
                for name in ("train_loss", "val_loss", "val")
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
            {"density": 0.0},
            {"seconds": -1.0},
            {"checkpoint": None},
            {"epochs": (EPOCHS[0], EPOCHS[0])},
            {"epochs": (replace(EPOCHS[0], step=-1),)},
            {"spent": -1.0},
        ],
    )
    def test_a_nonsensical_result_leaves_no_trace(self, store: Store, run: RunRecord, change: dict[str, Any]) -> None:
        trials = store.add_trials(run.id, [new()])
        with pytest.raises(StudyError, match="nothing was written"):
            finish(store, trials[0].id, result(**change), [checkpoint("a")])
        assert store.trials(run.id, curves=True) == trials
        assert store.checkpoints(run.id) == []

    def test_numbers_of_numpy_are_numbers(self, store: Store, run: RunRecord) -> None:
        numpy = pytest.importorskip("numpy")
        [trial] = store.add_trials(run.id, [new(level=numpy.int64(0), seed=numpy.int64(3), max_lr=numpy.float32(0.5))])
        finish(store, trial.id, result(val=numpy.float32(0.75), diverged=numpy.bool_(True)))
        [done] = store.trials(run.id)
        assert (done.seed, done.max_lr) == (3, 0.5)
        assert done.result is not None
        assert (done.result.val, done.result.diverged) == (0.75, True)


class FinishingTogether(DatabaseCase):
    """Several results in one transaction."""

    def test_finishing_together_comes_to_what_one_by_one_comes_to(self, store: Store, run: RunRecord) -> None:
        finished = [
            (
                result(val=0.1 * i, epochs=EPOCHS[:i], gradients=GRADIENTS[:i], answers=ANSWERS[:i]),
                [checkpoint("abc"[i])],
            )
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
                    {seeds[trial_id]: found for trial_id, found in store.answers(each.id, "test").items()},
                    sorted((seeds[kept.trial_id], kept.hash, kept.kind) for kept in store.checkpoints(each.id)),
                ]
            )
        assert outcomes[0] == outcomes[1]
        assert outcomes[0][2] == {1: ANSWERS[0], 2: ANSWERS[0]}
        assert outcomes[0][3] == [(i, "abc"[i] * 64, "trained") for i in range(3)]

    def test_those_that_are_complete_are_left_alone_and_named(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [new(seed=i) for i in range(3)])
        finish(store, trials[1].id, result(val=0.1), [checkpoint("a")])
        again = [FinishedTrial(trial.id, result(val=0.2), [checkpoint("b")]) for trial in trials]
        twice = FinishedTrial(trials[0].id, result(val=0.3), [checkpoint("c")])
        assert store.finish_trials([*again, twice]) == [trials[1].id, trials[0].id]
        found = [trial.result.val for trial in store.trials(run.id) if trial.result is not None]
        assert found == [0.2, 0.1, 0.2]
        assert [kept.hash[0] for kept in store.checkpoints(run.id)] == ["b", "a", "b"]

    @pytest.mark.parametrize("bad", [{"density": 1.5}, {"val": math.nan}, {"epochs": EPOCHS[:1] * 2}])
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

    def test_finishing_nothing_is_nothing(self, store: Store) -> None:
        assert store.finish_trials([]) == []


class Machines(DatabaseCase):
    """Each trial says which machine trained it, and each machine is on record once."""

    def test_a_trial_says_which_machine_trained_it(self, store: Store, run: RunRecord) -> None:
        trials = store.add_trials(run.id, [new(seed=seed) for seed in range(5)])
        other = replace(MACHINE, threads=3)
        machines = [MACHINE, MACHINE, other, None]
        finished = [FinishedTrial(t.id, RESULT, (), machine) for t, machine in zip(trials, machines, strict=False)]
        store.finish_trials(finished[:1])
        store.finish_trials(finished[1:])
        expected = dict(zip([t.id for t in trials], [MACHINE.hash, MACHINE.hash, other.hash], strict=False))
        assert store.trial_machines(run.id) == expected
        assert store.machines(run.study_id) == {MACHINE: 2, other: 1}

    def test_a_trial_says_when_its_training_began(self, store: Store, run: RunRecord) -> None:
        one, other = store.add_trials(run.id, [new(seed=seed) for seed in range(2)])
        start = StartRecord(one.created_at, 3)
        store.finish_trials(
            [FinishedTrial(one.id, RESULT, (), MACHINE, start), FinishedTrial(other.id, RESULT, (), MACHINE)]
        )
        assert store.trial_starts(run.id) == {one.id: start}

    def test_a_machine_outlives_a_study_that_others_share_it_with(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        finish(store, trial.id, RESULT, (), MACHINE)
        name = next(study.name for study in store.studies() if study.id == run.study_id)
        copy = store.load_study(store.dump_study(name), name="copy")
        store.delete_study(name)
        assert store.machines(copy.id) == {MACHINE: 1}

    def test_a_result_that_is_refused_leaves_no_machine(self, store: Store, run: RunRecord) -> None:
        [trial] = store.add_trials(run.id, [new()])
        with pytest.raises(StudyError):
            finish(store, trial.id, RESULT, (), replace(MACHINE, threads=0))
        assert store.machines(run.study_id) == {}
        assert store.trials(run.id) == [trial]
