"""Drivers that are asked to stop, on every kind of database."""

from __future__ import annotations

import time

import pytest

from studies import LeaseLost, RunRecord, Store, StudyNotFound


def stop_of(store: Store, run: RunRecord) -> str | None:
    tenure = store.tenure(run.study_id)
    assert tenure is not None
    return tenure.stop


def test_nobody_drives(store: Store, run: RunRecord) -> None:
    assert store.ask_to_stop(run.study_id, "pause") is None
    store.release_lease(store.acquire_lease(run.study_id, "me", 60))
    assert store.ask_to_stop(run.study_id, "cancel") is None
    assert store.stop_seen(run.study_id, 1) == "gone"


def test_a_lease_that_has_lapsed_is_nobodys(store: Store, run: RunRecord) -> None:
    store.acquire_lease(run.study_id, "dead", 0.001)
    time.sleep(0.02)
    assert store.ask_to_stop(run.study_id, "pause") is None


def test_there_must_be_a_study(store: Store) -> None:
    with pytest.raises(StudyNotFound):
        store.ask_to_stop(7, "pause")


def test_the_driver_learns_of_it_and_says_that_it_has(store: Store, run: RunRecord) -> None:
    lease = store.acquire_lease(run.study_id, "me", 60)
    assert store.stop_asked(lease) is None
    assert stop_of(store, run) is None
    token = store.ask_to_stop(run.study_id, "pause")
    assert token == lease.token
    assert store.stop_asked(lease) == stop_of(store, run) == "pause"
    assert store.stop_seen(run.study_id, token) == "no"
    store.see_stop(lease)
    assert store.stop_seen(run.study_id, token) == "seen"
    store.ask_to_stop(run.study_id, "pause")
    assert store.stop_seen(run.study_id, token) == "seen"
    store.release_lease(lease)
    assert store.stop_seen(run.study_id, token) == "gone"


def test_whoever_cancels_is_heard_anew_and_not_overruled(store: Store, run: RunRecord) -> None:
    lease = store.acquire_lease(run.study_id, "me", 60)
    store.ask_to_stop(run.study_id, "pause")
    store.see_stop(lease)
    store.ask_to_stop(run.study_id, "cancel")
    assert store.stop_asked(lease) == "cancel"
    assert store.stop_seen(run.study_id, lease.token) == "no"
    store.ask_to_stop(run.study_id, "pause")
    assert store.stop_asked(lease) == "cancel"


def test_renewing_a_lease_forgets_nothing_and_the_next_driver_starts_afresh(store: Store, run: RunRecord) -> None:
    lease = store.acquire_lease(run.study_id, "me", 60)
    store.ask_to_stop(run.study_id, "pause")
    lease = store.renew_lease(lease, 60)
    assert store.stop_asked(lease) == "pause"
    store.release_lease(lease)
    heir = store.acquire_lease(run.study_id, "heir", 60)
    assert store.stop_asked(heir) is None
    assert store.stop_seen(run.study_id, heir.token) == "no"


def test_a_driver_that_does_not_answer_is_cut_off(store: Store, run: RunRecord) -> None:
    lease = store.acquire_lease(run.study_id, "frozen", 60)
    store.end_lease(run.study_id, lease.token + 1)  # of somebody else
    store.renew_lease(lease, 60)
    store.end_lease(run.study_id, lease.token)
    with pytest.raises(LeaseLost):
        store.renew_lease(lease, 60)
    with pytest.raises(LeaseLost):
        store.fenced(lease).add_wall_seconds(run.id, 1.0)
    with pytest.raises(LeaseLost):
        store.stop_asked(lease)
    with pytest.raises(LeaseLost):
        store.see_stop(lease)
    assert store.acquire_lease(run.study_id, "heir", 60).token > lease.token
