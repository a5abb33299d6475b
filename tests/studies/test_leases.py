"""One driver at a time, and no word from those whose time is over."""

from __future__ import annotations

import math
import time
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest

from oracle.testing.records import RESULT, checkpoint, finish, new, stopped
from studies import LeaseLost, RunRecord, StoppedTrial, Store, StudyBusy, StudyError, StudyNotFound, database, locks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection


@pytest.fixture
def forward(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the database's clock forward by some seconds more."""
    honest, ahead = database.Database.clock, 0.0

    def clock(self: database.Database, connection: Connection) -> datetime:
        return honest(self, connection) + timedelta(seconds=ahead)

    def forward(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(database.Database, "clock", clock)
    return forward


class TestTaking:
    def test_the_first_gets_it(self, store: Store, run: RunRecord) -> None:
        lease = store.acquire_lease(run.study_id, "host, process 1", ttl=60)
        assert (lease.study_id, lease.token, lease.holder) == (run.study_id, 1, "host, process 1")
        assert lease.acquired_at.tzinfo is UTC
        assert (lease.expires_at - lease.acquired_at).total_seconds() == 60

    def test_the_second_is_told_who_has_it(
        self, store: Store, run: RunRecord, forward: Callable[[float], None]
    ) -> None:
        lease = store.acquire_lease(run.study_id, "host, process 1", ttl=60)
        forward(20)
        for name in ("other", "host, process 1"):
            with pytest.raises(StudyBusy) as caught:
                store.acquire_lease(run.study_id, name, ttl=60)
        assert str(caught.value) == (
            f"Study 's' is being worked on by host, process 1 since {lease.acquired_at:%Y-%m-%d %H:%M:%S} UTC (last "
            f"heartbeat 20 s ago); wait for it, stop it, or, if it is dead already, try again in 40 s."
        )

    def test_others_can_see_who_has_it(self, store: Store, run: RunRecord, forward: Callable[[float], None]) -> None:
        assert store.tenure(run.study_id) is None
        lease = store.acquire_lease(run.study_id, "me", ttl=60)
        forward(20)
        store.renew_lease(lease, ttl=60)
        forward(70)
        tenure = store.tenure(run.study_id)
        assert tenure is not None
        assert (tenure.holder, tenure.since) == ("me", lease.acquired_at)
        measured = (tenure.seconds, tenure.silence, tenure.seconds_left)
        assert measured == pytest.approx((90, 70, -10), abs=10)
        store.release_lease(lease)
        assert store.tenure(run.study_id) is None

    def test_studies_have_leases_of_their_own(self, store: Store, run: RunRecord) -> None:
        other = store.create_study("other", {}, "h", "/a", {})
        for study_id in (run.study_id, other.id):
            assert store.acquire_lease(study_id, "me", ttl=60).token == 1

    def test_a_lapsed_one_is_taken_over_under_a_higher_token(
        self, store: Store, run: RunRecord, forward: Callable[[float], None]
    ) -> None:
        dead = store.acquire_lease(run.study_id, "dead", ttl=60)
        forward(61)
        heir = store.acquire_lease(run.study_id, "heir", ttl=60)
        assert heir.token > dead.token
        assert heir.acquired_at > dead.expires_at
        with pytest.raises(StudyBusy, match="heir"):
            store.acquire_lease(run.study_id, "third", ttl=60)

    def test_it_really_lapses(self, store: Store, run: RunRecord) -> None:
        store.acquire_lease(run.study_id, "dead", ttl=0.05)
        time.sleep(0.1)
        assert store.acquire_lease(run.study_id, "heir", ttl=60).token == 2

    @pytest.mark.parametrize("ttl", [0.0, -1.0, math.nan, math.inf])
    def test_a_lifetime_is_a_duration(self, store: Store, run: RunRecord, ttl: float) -> None:
        with pytest.raises(ValueError, match="lifetime"):
            store.acquire_lease(run.study_id, "me", ttl)
        lease = store.acquire_lease(run.study_id, "me", 60)
        with pytest.raises(ValueError, match="lifetime"):
            store.renew_lease(lease, ttl)

    def test_there_must_be_a_study(self, store: Store) -> None:
        with pytest.raises(StudyNotFound, match="no study 7"):
            store.acquire_lease(7, "me", 60)


class TestKeeping:
    def test_a_heartbeat_puts_the_end_off(self, store: Store, run: RunRecord, forward: Callable[[float], None]) -> None:
        lease = store.acquire_lease(run.study_id, "me", ttl=60)
        for _ in range(3):
            forward(50)
            renewed = store.renew_lease(lease, ttl=60)
            assert (renewed.token, renewed.holder, renewed.acquired_at) == (1, "me", lease.acquired_at)
            assert renewed.expires_at > lease.expires_at
            lease = renewed
        with pytest.raises(StudyBusy, match="heartbeat 0 s ago"):
            store.acquire_lease(run.study_id, "other", ttl=60)

    def test_a_late_heartbeat_is_in_time_if_nobody_was_quicker(
        self, store: Store, run: RunRecord, forward: Callable[[float], None]
    ) -> None:
        lease = store.acquire_lease(run.study_id, "me", ttl=60)
        forward(1000)
        store.renew_lease(lease, ttl=60)
        with pytest.raises(StudyBusy):
            store.acquire_lease(run.study_id, "other", ttl=60)

    def test_the_former_holder_is_told(self, store: Store, run: RunRecord, forward: Callable[[float], None]) -> None:
        lease = store.acquire_lease(run.study_id, "dead", ttl=60)
        forward(61)
        heir = store.acquire_lease(run.study_id, "heir", ttl=60)
        with pytest.raises(LeaseLost, match=r"'s' is no longer worked on by dead: heir took it over at 2.* UTC"):
            store.renew_lease(lease, ttl=60)
        store.release_lease(lease)  # changes nothing
        store.renew_lease(heir, ttl=60)

    def test_given_back(self, store: Store, run: RunRecord) -> None:
        lease = store.acquire_lease(run.study_id, "one", ttl=60)
        store.release_lease(lease)
        store.release_lease(lease)
        with pytest.raises(LeaseLost, match="given back"):
            store.renew_lease(lease, ttl=60)
        assert store.acquire_lease(run.study_id, "two", ttl=60).token > lease.token

    def test_of_a_deleted_study(self, store: Store, run: RunRecord) -> None:
        lease = store.acquire_lease(run.study_id, "me", ttl=60)
        store.delete_study("s")
        with pytest.raises(LeaseLost, match="was deleted"):
            store.renew_lease(lease, ttl=60)
        store.release_lease(lease)


class TestFences:
    def test_the_holder_works_as_ever(self, store: Store, run: RunRecord) -> None:
        fenced = store.fenced(store.acquire_lease(run.study_id, "me", ttl=60))
        [trial] = fenced.add_trials(run.id, [new()])
        assert finish(fenced, trial.id, RESULT, [checkpoint("a")])
        fenced.decide_level(run.id, 0, 1.0, 0.1, False)
        assert len(store.levels(run.id)) == len(fenced.levels(run.id)) == 1
        assert repr(fenced) == repr(store)

    def test_a_lapsed_lease_still_writes_while_nobody_wants_it(
        self, store: Store, run: RunRecord, forward: Callable[[float], None]
    ) -> None:
        fenced = store.fenced(store.acquire_lease(run.study_id, "me", ttl=60))
        forward(1000)
        fenced.add_wall_seconds(run.id, 1.0)

    @pytest.mark.parametrize("how", ["taken over", "given back", "deleted"])
    def test_nobody_else_writes_anything(
        self, store: Store, run: RunRecord, forward: Callable[[float], None], how: str
    ) -> None:
        [trial] = store.add_trials(run.id, [new()])
        store.decide_level(run.id, 0, 1.0, 0.1, False)
        lease = store.acquire_lease(run.study_id, "dead", ttl=60)
        fenced = store.fenced(lease)
        if how == "taken over":
            forward(61)
            store.acquire_lease(run.study_id, "heir", ttl=60)
        elif how == "given back":
            store.release_lease(lease)
        else:
            store.delete_study("s")
        before = self.everything(store, run)
        for write in (
            lambda: fenced.create_study("t", {}, "h", "/a", {}),
            lambda: fenced.extend_study(run.study_id, {"more": 1}, "h"),
            lambda: fenced.delete_study("s"),
            lambda: fenced.open_run(run.study_id, "scyc"),
            lambda: fenced.add_wall_seconds(run.id, 1.0),
            lambda: fenced.add_trials(run.id, [new(seed=1)]),
            lambda: finish(fenced, trial.id, RESULT, [checkpoint("a")]),
            lambda: fenced.stop_trials([StoppedTrial(trial.id, stopped())]),
            lambda: fenced.fail_trial(trial.id, "error"),
            lambda: fenced.retry_trial(trial.id, "error"),
            lambda: fenced.requeue_failed(run.id),
            lambda: fenced.adopt_trials(run.id, "h"),
            lambda: fenced.forget_checkpoints([trial.id]),
            lambda: fenced.decide_level(run.id, 1, 0.8, 0.1, False),
            lambda: fenced.reopen_levels(run.id, 0),
        ):
            with pytest.raises(LeaseLost):
                write()
        assert self.everything(store, run) == before

    def test_the_fence_holds_until_the_transaction_ends(self, postgresql: str) -> None:
        with Store.open(postgresql) as store, Store.open(postgresql) as other:
            run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
            fenced = store.fenced(store.acquire_lease(run.study_id, "slow", ttl=0.01))
            time.sleep(0.05)

            def intrude() -> None:
                with other._database.write() as connection:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
                    locks.study(connection, run.study_id)

            # Whoever takes over waits for what was begun under the old lease.
            with fenced._database.write(), pytest.raises(StudyError, match="has been writing for over"):
                intrude()
            assert other.acquire_lease(run.study_id, "heir", ttl=60).token == 2

    def test_closing_it_closes_nothing(self, store: Store, run: RunRecord) -> None:
        with store.fenced(store.acquire_lease(run.study_id, "me", ttl=60)) as fenced:
            fenced.close()
        assert [study.name for study in store.studies()] == ["s"]  # in memory, it would be gone
        fenced.add_wall_seconds(run.id, 1.0)

    @staticmethod
    def everything(store: Store, run: RunRecord) -> tuple[object, ...]:
        return (
            store.studies(),
            store.runs(run.study_id),
            store.trials(run.id, curves=True),
            store.levels(run.id, history=True),
            store.checkpoints(run.id),
            store.spec_history(run.study_id),
        )
