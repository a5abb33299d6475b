"""What those ask who look at large studies, or look often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from studies import EpochRecord, FinishedTrial, MachineRecord, NewTrial, StartRecord, TrialResult

if TYPE_CHECKING:
    from studies import RunRecord, Store, TrialRecord

RESULT = TrialResult(0.5, 0.4, 1.0, 1.0, 1.0, False, 1.0, 2.0, "a" * 64, None, (EpochRecord(0, 1.0, 1.0, 0.4),))


def added(store: Store, run: RunRecord, count: int = 3, level: int = 0, max_lr: float = 0.1) -> list[TrialRecord]:
    parent = "p" * 64 if level else None
    return store.add_trials(run.id, [NewTrial(level, seed, max_lr, parent, 0, "h") for seed in range(count)])


def test_every_kind_of_change_is_noticed(store: Store, run: RunRecord) -> None:
    seen = [store.changes(run.study_id)]

    def changed() -> bool:
        seen.append(store.changes(run.study_id))
        return seen[-1] != seen[-2]

    assert not changed()
    first, second, third = added(store, run)
    assert changed()
    store.finish_trials([FinishedTrial(first.id, RESULT)])
    assert changed()
    store.retry_trial(second.id, "boom")
    assert changed()
    store.fail_trial(second.id, "boom")
    assert changed()
    lease = store.acquire_lease(run.study_id, "me", 60)
    assert changed()
    lease = store.renew_lease(lease, 60)
    assert changed()
    store.ask_to_stop(run.study_id, "pause")
    assert changed()
    store.release_lease(lease)
    assert changed()
    store.finish_trials([FinishedTrial(third.id, RESULT)])
    store.decide_level(run.id, 0, 1.0, 0.1, edge=False)
    assert changed()
    store.open_run(run.study_id, "another")
    assert changed()
    launch = store.add_launch("s", "resume", {})
    assert changed()
    store.refuse_launch(launch.id, "It cannot be done.")
    assert changed()
    store.extend_study(run.study_id, {"more": 1}, "other")
    assert changed()
    last = seen[-1]
    assert last is not None
    assert (last.name, last.decided, last.ended, last.holder) == ("s", 1, 3, None)
    assert last.counts == {"pending": 0, "complete": 2, "failed": 1, "stopped": 0}
    store.delete_study("s")
    assert store.changes(run.study_id) is None


def test_a_lease_that_lapses_is_a_change(store: Store, run: RunRecord) -> None:
    store.acquire_lease(run.study_id, "me", 1e-6)
    changes = store.changes(run.study_id)
    assert changes is not None
    assert (changes.holder, changes.alive) == ("me", False)


def test_what_ended_after_a_moment_newest_first(store: Store, run: RunRecord) -> None:
    trials = added(store, run)
    for trial in trials[:2]:
        store.finish_trials([FinishedTrial(trial.id, RESULT)])
    ended = store.finished_between(run.study_id, None, None, 10)
    assert [(trial.id, name) for trial, name in ended] == [(trials[1].id, "oracle"), (trials[0].id, "oracle")]
    assert [trial.id for trial, _ in store.finished_between(run.study_id, None, None, 1)] == [trials[1].id]
    moment = ended[1][0].finished_at
    assert [trial.id for trial, _ in store.finished_between(run.study_id, moment, None, 10)] == [trials[1].id]
    assert [trial.id for trial, _ in store.finished_between(run.study_id, None, moment, 10)] == [trials[0].id]
    assert store.finished_between(run.study_id, datetime.now(UTC) + timedelta(days=1), None, 10) == []


def test_trials_come_page_by_page(store: Store, run: RunRecord) -> None:
    trials = added(store, run) + added(store, run, level=1)
    other = store.open_run(run.study_id, "other")
    trials += added(store, other, 1)
    store.finish_trials([FinishedTrial(trials[0].id, RESULT)])

    def numbers(**wanted: int | str) -> list[int]:
        return [trial.id for trial, _ in store.trial_page(run.study_id, **wanted)]  # type: ignore[arg-type]

    everything = [trial.id for trial in trials]
    assert numbers() == everything
    assert numbers(most=2) == everything[:2]
    assert numbers(after=everything[1], most=2) == everything[2:4]
    assert numbers(level=1) == everything[3:6]
    assert numbers(state="complete") == everything[:1]
    assert numbers(seed=2) == [everything[2], everything[5]]
    assert numbers(run="other") == everything[6:]
    assert numbers(run="nothing") == []
    assert store.trial_page(run.study_id + 1) == []


def test_one_trial_has_its_curve_and_its_machine(store: Store, run: RunRecord) -> None:
    first, second, _ = added(store, run)
    facts = dict.fromkeys(("capability", "vendor", "family", "model", "torch", "build", "settings"), "x")
    facts |= dict.fromkeys(("gpu_capability", "driver", "cuda", "cudnn"), "")
    machine = MachineRecord(device="cpu", processor="A processor", threads=1, gpu="", **facts)
    store.finish_trials([FinishedTrial(first.id, RESULT, (), machine, StartRecord(datetime.now(UTC), 4))])
    found = store.find_trial(run.study_id, first.id)
    assert found is not None
    assert found[0].result is not None
    assert found[0].result.epochs == RESULT.epochs
    assert found[1:] == ("oracle", "A processor")
    without = store.find_trial(run.study_id, second.id)
    assert without is not None
    assert without[1:] == ("oracle", None)
    assert store.find_trial(run.study_id + 1, first.id) is None
    assert store.find_trial(run.study_id, 10**6) is None


def test_candidates_are_summed_up(store: Store, run: RunRecord) -> None:
    low, high = added(store, run, 3, max_lr=0.1), added(store, run, 3, max_lr=0.2)
    not_finite = replace(RESULT, val=0.3, val_loss=None)
    store.finish_trials([FinishedTrial(low[0].id, RESULT), FinishedTrial(low[1].id, replace(RESULT, val=0.25))])
    store.finish_trials(
        [FinishedTrial(high[0].id, not_finite), FinishedTrial(high[1].id, replace(RESULT, diverged=True))]
    )
    store.fail_trial(high[2].id, "boom")
    first, second = store.candidates(run.id, 0, [0, 1, 2], "h", [])
    assert (first.max_lr, first.val, first.finite, first.diverged) == (0.1, 0.75, 2, 0)
    assert first.trials == {"pending": 1, "complete": 2, "failed": 0, "stopped": 0}
    assert (second.max_lr, second.val, second.finite, second.diverged) == (0.2, 0.5, 1, 2)
    assert second.trials["failed"] == 1
    assert store.seconds_trained(run.id) == 8.0
    assert [one.trials["complete"] for one in store.candidates(run.id, 0, [1], "h", [])] == [1, 1]
    assert store.candidates(run.id, 0, [0, 1, 2], "other", []) == []
    assert store.candidates(run.id, 1, [0, 1, 2], "h", ["q" * 64]) == []
    added(store, run, 2, level=1)
    [next_level] = store.candidates(run.id, 1, [0, 1, 2], "h", ["p" * 64])
    assert next_level.trials["pending"] == 2


def test_what_a_candidate_left_counts_if_it_started_from_the_winner(store: Store, run: RunRecord) -> None:
    first, second, _ = added(store, run)
    store.finish_trials(
        [FinishedTrial(first.id, RESULT), FinishedTrial(second.id, replace(RESULT, checkpoint="b" * 64))]
    )
    assert store.left_by(run.id, 0, 0.1, {}) == {0: "a" * 64, 1: "b" * 64}
    assert store.left_by(run.id, 0, 0.2, {}) == {}
    later = added(store, run, level=1)
    store.finish_trials([FinishedTrial(later[0].id, RESULT)])
    assert store.left_by(run.id, 1, 0.1, {0: "p" * 64}) == {0: "a" * 64}
    assert store.left_by(run.id, 1, 0.1, {0: "q" * 64}) == {}


def test_how_many_workers_there_were(store: Store, run: RunRecord) -> None:
    first, second, _ = added(store, run)
    assert store.workers(run.study_id) is None
    facts = dict.fromkeys(("capability", "vendor", "family", "model", "torch", "build"), "x")
    machine = MachineRecord(device="cpu", processor="A processor", threads=1, **facts)
    for trial, workers in ((first, 4), (second, 7)):
        start = StartRecord(datetime.now(UTC), workers)
        store.finish_trials([FinishedTrial(trial.id, RESULT, (), machine, start)])
    assert store.workers(run.study_id) == 7


def test_the_name_of_a_number(store: Store, run: RunRecord) -> None:
    assert store.study_name(run.study_id) == "s"
    assert store.study_name(run.study_id + 1) is None
