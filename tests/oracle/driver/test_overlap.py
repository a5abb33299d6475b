"""Levels that overlap: the same trials whatever the number of workers, at whatever point the driver was killed."""

from __future__ import annotations

import functools
from random import Random
from typing import TYPE_CHECKING

import pytest

from oracle.results.status import study_status
from oracle.testing.simulated import SimulatedExecutor
from tests.oracle.driver.test_oracle_run import Killed, kill_after
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.study.test_extending import extend

if TYPE_CHECKING:
    from typing import Any

    from studies import TrialRecord

FIELDS: dict[str, Any] = {
    "levels": 4,
    "seeds": [0, 7, 3],
    "search": {"method": "racing", "budget": 0.7, "max_lr": {"low": 0.08, "high": 0.5, "count": 9}},
}
RACE = functools.partial(Laboratory, small_spec(**FIELDS), growth=1.15)


@pytest.fixture(scope="module")
def undisturbed() -> Any:
    with RACE() as lab:
        return lab.finish().state(), set(lab.artifacts.hashes()), trailing(lab)


def trailing(lab: Laboratory) -> list[TrialRecord]:
    """The trials that were added after their level was decided."""
    decided = {level.level: level.decided_at for level in lab.store.levels(lab.run.id)}
    return [t for t in lab.store.trials(lab.run.id) if t.level in decided and t.created_at > decided[t.level]]


def began_ahead(lab: Laboratory) -> list[TrialRecord]:
    """The trials that were added before the level before was decided."""
    decided = {level.level: level.decided_at for level in lab.store.levels(lab.run.id)}
    return [t for t in lab.store.trials(lab.run.id) if t.level and t.created_at < decided[t.level - 1]]


@pytest.mark.parametrize("workers", [1, 2, 64])
def test_the_trials_are_the_same_whatever_the_number_of_workers(undisturbed: Any, workers: int) -> None:
    with RACE() as lab:
        lab.work(lab.sweep(), at_once=workers, order=Random(workers), together=3)
        assert lab.state() == undisturbed[0]
        assert set(lab.artifacts.hashes()) == undisturbed[1]
        assert len(trailing(lab)) >= 4
        assert len(began_ahead(lab)) >= 6
        assert {trial.seed for trial in began_ahead(lab)} == {0}


@pytest.mark.parametrize("workers", [2, 64])
def test_simulated_clusters_with_dying_workers_train_the_same(workers: int) -> None:
    found = []
    for executor in (SimulatedExecutor(1), SimulatedExecutor(workers, deaths=0.1)):
        with RACE() as lab:
            executor.run(lab.sweep(), lab.spec, lab.artifacts)
            found.append([(t.level, t.round, t.max_lr, t.seed, t.parent) for t in lab.store.trials(lab.run.id)])
    assert found[0] == found[1]


def test_more_workers_are_sooner_done() -> None:
    clocks = []
    for workers in (1, 2, 64):
        with RACE() as lab:
            executor = SimulatedExecutor(workers)
            executor.run(lab.sweep(), lab.spec, lab.artifacts)
            clocks.append(executor.clock)
            if workers == 2:
                assert executor.busy / (2 * executor.clock) > 0.8
    assert clocks[0] > 1.6 * clocks[1]
    assert clocks[0] > 2.5 * clocks[2]


@pytest.mark.slow
class TestResuming:
    def test_after_any_number_of_trials(self, undisturbed: Any) -> None:
        expected, kept, _ = undisturbed
        for stop in range(0, len(expected[1]) + 1, 2):
            with RACE() as lab:
                lab.work(lab.sweep(), most=stop, at_once=5, order=Random(stop))
                recorded = {t.id for t in lab.store.trials(lab.run.id) if t.state in ("complete", "stopped")}
                lab.handed_out.clear()
                lab.work(lab.sweep(), at_once=5, order=Random(stop))
                assert recorded.isdisjoint(request.id for request in lab.handed_out)
                assert lab.state() == expected
                assert set(lab.artifacts.hashes()) == kept

    def test_after_any_write(self, undisturbed: Any) -> None:
        with RACE() as lab:
            writes = kill_after(lab, 0)
            lab.work(lab.sweep(), at_once=5)
        for stop in range(1, len(writes) + 1, 4):
            with RACE() as lab:
                kill_after(lab, stop)
                with pytest.raises(Killed):
                    lab.work(lab.sweep(), at_once=5)
                lab.work(lab.sweep(), at_once=5)
                assert lab.state() == undisturbed[0]


class TestFailures:
    def test_one_that_trails_blocks_the_next_decision_and_is_tried_again(self, undisturbed: Any) -> None:
        expected, _, [first, *_] = undisturbed
        with RACE() as lab:
            lab.fails = {(first.level, first.seed, first.max_lr)}
            sweep = lab.sweep()
            lab.work(sweep, at_once=3)
            assert [(cell.max_lr, cell.seed) for cell in sweep.failed] == [(first.max_lr, first.seed)]
            assert len(lab.winners()) == first.level + 1
            assert study_status(lab.store, "s").state == "blocked"
            assert lab.sweep().next() == []
            lab.fails = set()
            lab.store.requeue_failed(lab.run.id)
            lab.finish()
            assert lab.state() == expected

    def test_a_retry_helps(self, undisturbed: Any) -> None:
        expected, _, [first, *_] = undisturbed
        with RACE() as lab:
            honest = lab.train

            def once(request: Any) -> Any:
                answer = honest(request)
                lab.fails.discard((request.level, request.seed, request.max_lr))
                return answer

            lab.train = once  # type: ignore[method-assign]
            lab.fails = {(first.level, first.seed, first.max_lr)}
            lab.work(lab.sweep(retries=1), at_once=3)
            assert lab.state() == expected
            assert [trial.id for trial in lab.store.trials(lab.run.id) if trial.attempts] == [first.id]

    def test_one_that_began_ahead_blocks_its_own_level(self) -> None:
        with RACE() as lab:
            lab.finish()
            first = began_ahead(lab)[0]
        with RACE() as lab:
            lab.fails = {(first.level, first.seed, first.max_lr)}
            sweep = lab.sweep()
            lab.work(sweep, at_once=64)
            assert len(lab.winners()) == first.level
            assert len(sweep.failed) == 1


def test_weights_of_trailing_trials_are_deleted_unless_all_are_kept(undisturbed: Any) -> None:
    with RACE() as lab:
        lab.finish()
        kept = {checkpoint.trial_id for checkpoint in lab.store.checkpoints(lab.run.id)}
        assert kept.isdisjoint(trial.id for trial in trailing(lab) if trial.level < 3)
    with Laboratory(small_spec(**FIELDS, keep="all"), growth=1.15) as lab:
        lab.finish()
        kept = {checkpoint.trial_id for checkpoint in lab.store.checkpoints(lab.run.id)}
        assert kept == {t.id for t in lab.store.trials(lab.run.id) if t.state == "complete"}
        assert lab.state() == undisturbed[0]


@pytest.mark.parametrize("more", [{"seeds": [11]}, {"candidates": [0.25]}, {"levels": 6}], ids=str)
@pytest.mark.parametrize("most", [None, 25])
def test_it_can_be_extended_whatever_trails(more: dict[str, Any], most: int | None) -> None:
    with RACE() as lab:
        lab.work(lab.sweep(), most=most, at_once=4)
        before = {t.id for t in lab.store.trials(lab.run.id) if t.state in ("complete", "stopped")}
        extend(lab, **more)
        assert len(lab.winners()) == lab.spec.levels
        assert before.isdisjoint(request.id for request in lab.handed_out)
        lab.handed_out.clear()
        assert lab.sweep().finished
        for level, winner in enumerate(lab.winners()):
            for seed in lab.spec.seeds:
                assert lab.left_by(level, winner, seed).checkpoint


def test_what_began_ahead_of_a_candidate_that_does_not_win_does_not_count() -> None:
    """The candidate that is named first diverges on another seed."""
    search = {"method": "racing", "budget": 0.5, "max_lr": {"count": 9}}
    steep = functools.partial(Laboratory, small_spec(**FIELDS | {"search": search}), growth=1.3)
    with steep() as lab:
        lab.finish()
        [winner, *_] = lab.winners()
    with steep() as lab:
        honest = lab.train

        def cursed(request: Any) -> Any:
            ceiling = lab.ceiling
            lab.ceiling = 0.0 if (request.level, request.max_lr, request.seed) == (0, winner, 3) else ceiling
            answer = honest(request)
            lab.ceiling = ceiling
            return answer

        lab.train = cursed  # type: ignore[method-assign]
        lab.work(lab.sweep(), at_once=3)
        assert len(lab.winners()) == 4
        assert lab.winners()[0] != winner
        parents = {lab.left_by(0, lab.winners()[0], seed).checkpoint for seed in lab.spec.seeds}
        history = [t for t in lab.store.trials(lab.run.id, 1) if t.parent not in parents]
        assert history
        assert study_status(lab.store, "s").state == "finished"
