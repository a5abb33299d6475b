"""Runs of schedules: each seed goes its own way, and nothing that is on record is done again."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from oracle.driver.schedule_runs import ScheduleRuns
from oracle.execution.messages import MeasureRequest, TrialRequest
from scyc import Constant, GradientScaled, Policy, RangeTest, Replay
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studies import RunRecord

RISING = Policy(Replay((0.1, 0.2, 0.3)))
MEASURING = Policy(GradientScaled(0.1))


@pytest.fixture
def lab() -> Iterator[Laboratory]:
    with Laboratory(small_spec()) as lab:
        yield lab


def on_record(lab: Laboratory, run: RunRecord) -> list[tuple[Any, ...]]:
    return sorted(
        (t.seed, t.level, t.max_lr, t.parent or "", t.state, t.result.checkpoint if t.result else "")
        for t in lab.store.trials(run.id)
    )


def test_every_seed_follows_the_schedule_from_its_own_weights(lab: Laboratory) -> None:
    run = lab.open_walk(RISING)
    walk = lab.walk(run)
    lab.work(walk)
    assert walk.complete
    trials = {(t.seed, t.level): t for t in lab.store.trials(run.id)}
    assert {key: t.max_lr for key, t in trials.items()} == {
        (seed, level): max_lr for seed in (0, 7) for level, max_lr in enumerate([0.1, 0.2, 0.3])
    }
    for (seed, level), trial in trials.items():
        before = trials[seed, level - 1].result if level else None
        assert trial.parent == (before.checkpoint if before else None)
    for request in lab.handed_out:
        dense = trials[request.seed, 0].result
        assert dense is not None
        assert request.rewind_point == (dense.rewind_point if request.level else None)


def test_a_measured_schedule_measures_before_it_trains(lab: Laboratory) -> None:
    run = lab.open_walk(MEASURING)
    lab.work(lab.walk(run, seeds=[0]))
    kinds = [(type(request), request.level) for request in lab.asked]
    assert kinds == [(kind, level) for level in range(3) for kind in (MeasureRequest, TrialRequest)]
    assert [t.max_lr for t in lab.store.trials(run.id)] == pytest.approx([0.1, 0.2, 0.3])
    assert [m.value for m in lab.store.measurements(run.id)] == pytest.approx([0.2, 0.1, 0.2 / 3])


@settings(max_examples=30, deadline=None)
@given(stops=st.lists(st.integers(0, 4), max_size=12), workers=st.integers(1, 3), luck=st.integers(0, 99))
@pytest.mark.parametrize("policy", [RISING, MEASURING], ids=["plain", "measured"])
@pytest.mark.slow
def test_stopped_anywhere_and_gone_on_with_it_comes_to_the_same(
    policy: Policy, stops: list[int], workers: int, luck: int
) -> None:
    with Laboratory(small_spec()) as straight, Laboratory(small_spec()) as stopped:
        expected = straight.open_walk(policy)
        straight.work(straight.walk(expected))
        run, order, recorded = stopped.open_walk(policy), Random(luck), 0
        for most in stops:
            recorded += stopped.work(stopped.walk(run), most, workers, order)
        recorded += stopped.work(stopped.walk(run), None, workers, order, together=workers)
        assert on_record(stopped, run) == on_record(straight, expected)
        assert stopped.store.measurements(run.id) == straight.store.measurements(expected.id)
        assert recorded == len(straight.asked)  # nothing that was recorded was done twice


def test_a_failure_stops_its_seed_alone() -> None:
    with Laboratory(small_spec(), fails=[(1, 7, 0.2)]) as lab:
        run = lab.open_walk(RISING)
        walk = lab.walk(run, retries=1)
        lab.work(walk)
        assert walk.finished
        assert not walk.complete
        assert walk.failures == ["level 1, seed 7: RuntimeError: the machine is on fire"]
        assert sum(request.seed == 7 for request in lab.handed_out) == 3  # level 0, and twice level 1
        assert sum(t.state == "complete" for t in lab.store.trials(run.id)) == 4
        again = lab.walk(run)
        assert again.finished
        assert again.failures == walk.failures
        lab.fails.clear()
        lab.store.requeue_failed(run.id)
        mended = lab.walk(run)
        lab.work(mended)
        assert mended.complete


def test_what_cannot_be_measured_is_tried_again_and_then_stops_its_seed() -> None:
    with Laboratory(small_spec(), fails=[(1, 0, 0.0)]) as lab:
        run = lab.open_walk(Policy(RangeTest()))
        walk = lab.walk(run, retries=2)
        lab.work(walk)
        assert walk.failures == ["level 1, seed 0: RuntimeError: nothing to measure"]
        assert sum(isinstance(r, MeasureRequest) and (r.seed, r.level) == (0, 1) for r in lab.asked) == 3
        lab.fails.clear()
        mended = lab.walk(run)
        lab.work(mended)
        assert mended.complete


def test_more_seeds_can_be_added(lab: Laboratory) -> None:
    run = lab.open_walk(RISING)
    lab.work(lab.walk(run, seeds=[0]))
    walk = lab.walk(run, seeds=[0, 1])
    assert walk.steps_left == 3
    assert lab.work(walk) == 3


def test_runs_take_turns(lab: Laboratory) -> None:
    runs = [lab.open_walk(Policy(Constant(max_lr)), f"constant {max_lr}") for max_lr in (0.1, 0.2)]
    walks = ScheduleRuns([lab.walk(run, seeds=[0]) for run in runs])
    assert walks.steps_left == 6
    lab.work(walks, at_once=2)
    assert walks.complete
    assert [request.run_id for request in lab.handed_out[:2]] != [runs[0].id] * 2
    assert {len(lab.store.trials(run.id)) for run in runs} == {3}


def test_what_is_recorded_together_is_one_transaction_and_what_follows_another(lab: Laboratory) -> None:
    walk = lab.walk(lab.open_walk(RISING), seeds=range(5))
    commits: list[object] = []
    event.listen(lab.store._database._engine, "commit", commits.append)
    requests = walk.next(9)
    assert [request.seed for request in requests] == list(range(5))
    walk.record([(request, lab.answer(request)) for request in requests])
    assert len(commits) == 2
    assert [(request.seed, request.level) for request in walk.next(9)] == [(seed, 1) for seed in range(5)]


def test_several_are_handed_out_in_turns(lab: Laboratory) -> None:
    runs = [lab.open_walk(Policy(Constant(max_lr)), f"constant {max_lr}") for max_lr in (0.1, 0.2)]
    walks = ScheduleRuns([lab.walk(run, seeds=range(number)) for run, number in zip(runs, (1, 3), strict=True)])
    requests = walks.next(9)
    assert sorted(request.run_id for request in requests[:2]) == [run.id for run in runs]
    assert [request.run_id for request in requests[2:]] == [runs[1].id] * 2
    assert walks.next(9) == []
    walks.record([(request, lab.answer(request)) for request in requests])
    assert len(walks.next(3)) == 3
    assert len(walks.next(3)) == 1


def test_a_failure_says_which_run_it_was() -> None:
    with Laboratory(small_spec(), fails=[(0, 0, 0.2)]) as lab:
        walks = ScheduleRuns(
            [lab.walk(lab.open_walk(Policy(Constant(rate)), f"constant {rate}")) for rate in (0.1, 0.2)]
        )
        lab.work(walks)
        assert walks.failures == ["constant 0.2 at level 0, seed 0: RuntimeError: the machine is on fire"]
