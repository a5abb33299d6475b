"""The sweep: what it hands out, what it writes down, and that it can be stopped anywhere."""

from __future__ import annotations

import functools
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from oracle.driver.events import Listener
from oracle.searching.machine import next_action
from scyc import density
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oracle.execution.messages import Failure, Outcome, TrialRequest

CLIMBING = functools.partial(Laboratory, small_spec(), optimum=0.2, growth=1.5)  # widens at its last level
TPE = functools.partial(
    Laboratory, small_spec(levels=2, search={"method": "tpe", "batch": 2, "max_lr": {"count": 5}}), growth=1.5
)
RACING = functools.partial(
    Laboratory, small_spec(levels=3, search={"method": "racing", "max_lr": {"count": 9}}), growth=1.5
)
METHODS = pytest.mark.parametrize("laboratory", [CLIMBING, TPE, RACING], ids=["grid", "tpe", "racing"])


class Diary(Listener):
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def level_started(self, level: int, density: float) -> None:
        self.heard.append(("started", level, density))

    def trials_proposed(self, count: int) -> None:
        self.heard.append(("proposed", count))

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        self.heard.append(("ended", request.id))

    def level_decided(self, level: int, winner: float, val: float, edge: bool, former: float | None) -> None:
        self.heard.append(("decided", level, winner, val, edge))


@pytest.fixture(scope="module")
def undisturbed() -> Iterator[Laboratory]:
    with CLIMBING() as lab:
        yield lab.finish()


class TestWholeRun:
    def test_every_level_is_decided(self, undisturbed: Laboratory) -> None:
        levels, _ = undisturbed.state()
        assert [(level, winner, edge) for level, _, winner, edge in levels] == [
            (0, 0.2, False),
            (1, 0.4, False),
            (2, 0.4, False),
        ]
        assert [share for _, share, _, _ in levels] == [density(level, 0.2) for level in range(3)]

    def test_every_candidate_is_trained_on_every_seed_once(self, undisturbed: Laboratory) -> None:
        _, trials = undisturbed.state()
        assert all(state == "complete" for *_, state, _ in trials)
        cells = [(level, max_lr, seed) for level, _, max_lr, seed, *_ in trials]
        assert cells == sorted(set(cells))
        tried = {level: sorted({lr for m, lr, _ in cells if m == level}) for level in range(3)}
        assert tried == {0: [0.1, 0.2, 0.4], 1: [0.1, 0.2, 0.4, 0.8], 2: [0.1, 0.2, 0.4, 0.8]}
        assert len(cells) == len(undisturbed.handed_out) == 2 * (3 + 4 + 4)

    def test_a_widened_candidate_belongs_to_a_later_round(self, undisturbed: Laboratory) -> None:
        _, trials = undisturbed.state()
        assert {round_ for _, round_, max_lr, *_ in trials if max_lr == 0.8} == {1}
        assert {round_ for _, round_, max_lr, *_ in trials if max_lr != 0.8} == {0}

    def test_a_finished_sweep_has_nothing_to_hand_out(self, undisturbed: Laboratory) -> None:
        before = undisturbed.state()
        sweep = undisturbed.sweep()
        assert sweep.complete
        assert sweep.finished
        assert sweep.next(5) == []
        assert undisturbed.state() == before

    def test_a_trial_under_way_is_waited_for(self) -> None:
        with CLIMBING() as lab:
            sweep = lab.sweep()
            requests = [request for most in (1, 2, 9) for request in sweep.next(most)]
            assert len({request.id for request in requests}) == 6
            assert sweep.next() == []
            assert not sweep.finished
            sweep.record([(request, lab.train(request)) for request in requests[:4]])
            assert sweep.next(9) == []
            sweep.record([(request, lab.train(request)) for request in requests[4:]])
            assert [request.level for request in sweep.next(2)] == [1, 1]

    @METHODS
    def test_neither_workers_nor_the_order_of_outcomes_change_anything(
        self, laboratory: Callable[[], Laboratory]
    ) -> None:
        with laboratory() as one, laboratory() as many:
            one.finish()
            many.work(many.sweep(), at_once=5, order=Random(1))
            assert many.state() == one.state()

    @pytest.mark.slow
    @settings(max_examples=12)
    @given(luck=st.integers(0, 999), at_once=st.integers(1, 9), retries=st.integers(0, 2), stop=st.integers(0, 25))
    @pytest.mark.parametrize("fails", [(), ((1, 7, 0.2), (1, 0, 0.4))], ids=["well", "badly"])
    def test_answers_that_are_recorded_together_come_to_the_same(
        self, fails: tuple[tuple[int, int, float], ...], luck: int, at_once: int, retries: int, stop: int
    ) -> None:
        order = Random(luck)
        with CLIMBING(fails=fails) as one, CLIMBING(fails=fails) as many:
            one.work(one.sweep(retries=retries))
            recorded = many.work(many.sweep(retries=retries), stop, at_once, order, together=at_once)
            recorded += many.work(many.sweep(retries=retries), None, at_once, order, together=at_once)
            assert many.state() == one.state()
            assert many.store.counts(many.run.id) == one.store.counts(one.run.id)
            assert set(many.artifacts.hashes()) == set(one.artifacts.hashes())
            assert recorded == len(one.asked)

    def test_a_batch_is_one_transaction(self) -> None:
        diary = Diary()
        with CLIMBING() as lab:
            commits: list[object] = []
            event.listen(lab.store._database._engine, "commit", commits.append)
            sweep = lab.sweep(diary)
            requests = sweep.next(6)
            commits.clear()
            sweep.record([(request, lab.train(request)) for request in requests])
            assert len(commits) == 1
            assert diary.heard[-6:] == [("ended", request.id) for request in requests]

    def test_while_trials_are_under_way_the_state_machine_is_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[int] = []

        def counted(*given: Any) -> Any:
            asked.append(1)
            return next_action(*given)

        monkeypatch.setattr("oracle.driver.oracle_run.next_action", counted)
        with CLIMBING() as lab:
            lab.work(lab.sweep(), at_once=50)
            assert len(lab.asked) == 22
            assert len(asked) == 8  # to begin and to decide three levels, and to widen two

    def test_the_listener_hears_of_everything(self) -> None:
        diary = Diary()
        with Laboratory(small_spec(levels=2)) as lab:
            lab.work(lab.sweep(diary))
            ids = [trial.id for trial in lab.store.trials(lab.run.id)]
            means = [sum(lab.left_by(level, 0.2, seed).val or 0.0 for seed in lab.spec.seeds) / 2 for level in range(2)]
        ended = [("ended", i) for i in ids]
        assert diary.heard == [
            ("started", 0, 1.0),
            ("proposed", 0),
            ("proposed", 6),
            *ended[:6],
            ("decided", 0, 0.2, means[0], False),
            ("started", 1, 0.8),
            ("proposed", 0),
            ("proposed", 6),
            *ended[6:],
            ("decided", 1, 0.2, means[1], False),
        ]


class TestLineage:
    def test_the_dense_network_starts_from_nothing(self, undisturbed: Laboratory) -> None:
        dense = [request for request in undisturbed.handed_out if request.level == 0]
        assert {(request.parent, request.rewind_point) for request in dense} == {(None, None)}

    def test_a_level_starts_from_what_the_winner_below_left_on_the_same_seed(self, undisturbed: Laboratory) -> None:
        winners = undisturbed.winners()
        pruned = [request for request in undisturbed.handed_out if request.level > 0]
        assert len(pruned) == 16
        for request in pruned:
            below = request.level - 1
            assert request.parent == undisturbed.left_by(below, winners[below], request.seed).checkpoint

    def test_every_level_rewinds_to_the_dense_winner_on_the_same_seed(self, undisturbed: Laboratory) -> None:
        dense_winner = undisturbed.winners()[0]
        pruned = [request for request in undisturbed.handed_out if request.level > 0]
        for request in pruned:
            assert request.rewind_point == undisturbed.left_by(0, dense_winner, request.seed).rewind_point
        assert len({request.rewind_point for request in pruned}) == 2

    def test_the_parent_is_written_down(self, undisturbed: Laboratory) -> None:
        parents = {trial.id: trial.parent for trial in undisturbed.store.trials(undisturbed.run.id)}
        assert parents == {request.id: request.parent for request in undisturbed.handed_out}


class TestArtifacts:
    def test_only_what_the_winners_left_is_kept(self, undisturbed: Laboratory) -> None:
        assert set(undisturbed.artifacts.hashes()) == undisturbed.needed()
        listed = {kept.hash for kept in undisturbed.store.checkpoints(undisturbed.run.id)}
        assert listed == undisturbed.needed()
        assert len(listed) == 2 * (3 + 1)  # per seed, three winners and a rewind point

    def test_nothing_is_deleted_before_the_decision(self) -> None:
        with CLIMBING() as lab:
            lab.work(lab.sweep(), most=6)  # the level is trained, not decided
            assert len(set(lab.artifacts.hashes())) == 12

    def test_weights_that_losers_share_with_the_winner_are_kept(self) -> None:
        with CLIMBING(equal_weights=True) as lab:
            lab.finish()
            assert set(lab.artifacts.hashes()) == lab.needed()
            assert len(lab.needed()) == 2 * (3 + 1)


class TestFailures:
    FAILS = ((1, 7, 0.2),)

    def test_a_failed_trial_blocks_its_level_once_the_others_have_ended(self) -> None:
        with CLIMBING(fails=self.FAILS) as lab:
            sweep = lab.sweep()
            assert lab.work(sweep) == 12
            assert sweep.finished
            assert not sweep.complete
            assert [(cell.max_lr, cell.seed) for cell in sweep.failed] == [(0.2, 7)]
            assert lab.winners() == [0.2]
            assert lab.store.counts(lab.run.id) == {"pending": 0, "complete": 11, "failed": 1, "stopped": 0}

    def test_the_error_is_written_down(self) -> None:
        with CLIMBING(fails=self.FAILS) as lab:
            lab.finish()
            [failed] = [trial for trial in lab.store.trials(lab.run.id) if trial.state == "failed"]
            assert failed.error is not None
            assert "the machine is on fire" in failed.error

    def test_it_stays_blocked_when_gone_on_with(self) -> None:
        with CLIMBING(fails=self.FAILS) as lab:
            lab.finish()
            sweep = lab.sweep()
            assert sweep.next() == []
            assert sweep.failed

    def test_the_losers_of_a_blocked_level_are_kept(self) -> None:
        with CLIMBING(fails=self.FAILS) as lab:
            lab.finish()
            assert len(set(lab.artifacts.hashes()) - lab.needed()) == 5

    def test_requeued_it_ends_as_if_nothing_had_failed(self, undisturbed: Laboratory) -> None:
        with CLIMBING(fails=self.FAILS) as lab:
            lab.finish()
            lab.fails.clear()
            assert lab.store.requeue_failed(lab.run.id) == 1
            before = len(lab.handed_out)
            lab.finish()
            assert (lab.handed_out[before].level, lab.handed_out[before].max_lr) == (1, 0.2)
            assert lab.state() == undisturbed.state()


class Killed(Exception):  # noqa: N818
    """The driver was killed."""


def kill_after(lab: Laboratory, writes: int) -> list[str]:
    """Make the process die right after so many writes; return the list that these will be named in."""
    done: list[str] = []

    def mortal(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(write)
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = write(*args, **kwargs)
            done.append(name)
            if len(done) == writes:
                raise Killed
            return answer

        return call

    for name in ("add_trials", "finish_trials", "stop_trials", "decide_level", "forget_checkpoints"):
        setattr(lab.store, name, mortal(name, getattr(lab.store, name)))
    lab.artifacts.delete = mortal("delete", lab.artifacts.delete)  # type: ignore[method-assign]
    return done


@METHODS
@pytest.mark.slow
class TestResuming:
    def test_after_any_number_of_trials(self, laboratory: Callable[[], Laboratory]) -> None:
        with laboratory() as lab:
            expected, kept = lab.finish().state(), set(lab.artifacts.hashes())
        total = len(expected[1])
        for stop in range(total + 1):
            with laboratory() as lab:
                lab.work(lab.sweep(), most=stop, at_once=4, order=Random(stop))
                recorded = {t.id for t in lab.store.trials(lab.run.id) if t.state == "complete"}
                assert len(recorded) == stop
                lab.handed_out.clear()
                lab.work(lab.sweep(), at_once=4, order=Random(stop))
                assert recorded.isdisjoint(request.id for request in lab.handed_out)
                assert len(lab.handed_out) == total - stop
                assert lab.state() == expected
                assert set(lab.artifacts.hashes()) == kept

    def test_after_any_write(self, laboratory: Callable[[], Laboratory]) -> None:
        with laboratory() as lab:
            writes = kill_after(lab, 0)
            expected, kept = lab.finish().state(), set(lab.artifacts.hashes())
        assert {"add_trials", "finish_trials", "decide_level", "forget_checkpoints", "delete"} == set(writes)
        for stop, last in enumerate(writes, start=1):
            if last == "finish_trials":
                continue  # see above
            with laboratory() as lab:
                kill_after(lab, stop)
                with pytest.raises(Killed):
                    lab.finish()
                lab.finish()
                assert lab.state() == expected
                assert kept <= set(lab.artifacts.hashes())
                if last not in {"forget_checkpoints", "delete"}:  # in the midst of deleting, remains may stay behind
                    assert set(lab.artifacts.hashes()) == kept

    def test_again_and_again(self, laboratory: Callable[[], Laboratory]) -> None:
        with laboratory() as lab:
            expected = lab.finish().state()
        with laboratory() as lab:
            while not (sweep := lab.sweep()).finished:
                lab.work(sweep, most=1)
            assert lab.state() == expected
            assert len(lab.handed_out) == len(expected[1])


def test_a_sampler_spends_its_budget_at_every_level() -> None:
    with TPE() as lab:
        _, trials = lab.finish().state()
        for level in range(2):
            rounds = {(round_, max_lr) for m, round_, max_lr, *_ in trials if m == level}
            assert sorted(round_ for round_, _ in rounds) == [0, 0, 1, 1, 2]
