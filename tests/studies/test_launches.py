"""Launches: what is accepted is on record until it has ended, on every kind of database."""

from __future__ import annotations

import pytest

from studies import LaunchWaiting, LaunchWithdrawn, LeaseLost, RunRecord, Store, StudyBusy, StudyExists, StudyNotFound


def test_of_a_study_that_is_not_there_yet(store: Store) -> None:
    launch = store.add_launch("new", "sweep", {"spec": {"levels": 2}, "options": {"workers": 2}})
    assert (launch.study, launch.action, launch.state) == ("new", "sweep", "accepted")
    assert launch.request == {"spec": {"levels": 2}, "options": {"workers": 2}}
    assert (launch.message, launch.token, launch.began_at, launch.ended_at) == (None, None, None, None)
    assert store.launch(launch.id) == launch
    assert store.launches() == store.launches("new") == [launch]
    assert store.launches("other") == []


def test_one_that_is_not_there(store: Store) -> None:
    with pytest.raises(StudyNotFound, match="no launch x"):
        store.launch("x")


@pytest.mark.parametrize("request_", [{"a": float("nan")}, {"a": object()}])
def test_a_request_is_plain_json(store: Store, request_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="The request"):
        store.add_launch("s", "resume", request_)
    assert store.launches() == []


def test_its_driver_begins_once_and_ends_once(store: Store, run: RunRecord) -> None:
    launch = store.add_launch("s", "resume", {})
    lease = store.acquire_lease(run.study_id, "me", 60)
    assert store.fenced(lease).begin_launch(launch.id, run.study_id) == lease.token
    begun = store.launch(launch.id)
    assert (begun.state, begun.token) == ("driving", lease.token)
    assert begun.began_at is not None
    assert begun.began_at >= begun.created_at
    with pytest.raises(LaunchWithdrawn, match="is driving"):
        store.fenced(lease).begin_launch(launch.id, run.study_id)
    store.end_launch(launch.id, lease.token + 1, "ended", "by somebody else")
    store.refuse_launch(launch.id, "too late")
    assert store.launch(launch.id) == begun
    store.end_launch(launch.id, lease.token, "stopped", "The study was paused.")
    store.end_launch(launch.id, lease.token, "ended", "too late")
    ended = store.launch(launch.id)
    assert (ended.state, ended.message) == ("stopped", "The study was paused.")
    assert ended.ended_at is not None


def test_one_that_cannot_be_done(store: Store) -> None:
    launch = store.add_launch("new", "sweep", {})
    store.end_launch(launch.id, 1, "ended")
    assert store.launch(launch.id) == launch
    store.refuse_launch(launch.id, "There is no such workload.")
    assert (store.launch(launch.id).state, store.launch(launch.id).message) == ("refused", "There is no such workload.")


def test_a_driver_without_the_lease_cannot_begin(store: Store, run: RunRecord) -> None:
    launch = store.add_launch("s", "resume", {})
    lease = store.acquire_lease(run.study_id, "me", 60)
    store.release_lease(lease)
    with pytest.raises(LeaseLost):
        store.fenced(lease).begin_launch(launch.id, run.study_id)
    assert store.launch(launch.id).state == "accepted"


def test_one_at_a_time_waits_for_a_driver(store: Store, run: RunRecord) -> None:
    first, other = store.add_launch("s", "resume", {}), store.add_launch("other", "sweep", {})
    with pytest.raises(LaunchWaiting, match=first.id) as caught:
        store.add_launch("s", "extend", {})
    assert caught.value.launch == first.id
    store.withdraw_launches("s")
    second = store.add_launch("s", "extend", {})
    lease = store.acquire_lease(run.study_id, "me", 60)
    with pytest.raises(LaunchWithdrawn, match="is withdrawn"):
        store.fenced(lease).begin_launch(first.id, run.study_id)
    store.fenced(lease).begin_launch(second.id, run.study_id)
    assert [launch.id for launch in store.launches("s")] == [second.id, first.id]
    assert store.launch(other.id).state == "accepted"


def test_a_sweep_makes_a_study_and_never_finds_one(store: Store, run: RunRecord) -> None:
    with pytest.raises(StudyExists, match="'s' already"):
        store.add_launch("s", "sweep", {})
    assert store.launches() == []


def test_none_is_accepted_while_a_driver_works(store: Store, run: RunRecord) -> None:
    lease = store.acquire_lease(run.study_id, "me", 60)
    with pytest.raises(StudyBusy):
        store.add_launch("s", "resume", {})
    assert store.launches() == []
    assert store.add_launch("s", "resume", {}, dead=lease.token).state == "accepted"


@pytest.mark.parametrize("wish", ["pause", "cancel"])
def test_whoever_stops_a_study_withdraws_what_has_not_begun(store: Store, run: RunRecord, wish: str) -> None:
    begun = store.add_launch("s", "resume", {})
    lease = store.acquire_lease(run.study_id, "me", 60)
    store.fenced(lease).begin_launch(begun.id, run.study_id)
    waiting = store.add_launch("s", "resume", {}, dead=lease.token)
    store.ask_to_stop(run.study_id, wish)  # type: ignore[arg-type]
    assert store.launch(begun.id).state == "driving"
    assert store.launch(waiting.id).state == "withdrawn"


def test_one_can_be_withdrawn_before_its_study_is_there(store: Store) -> None:
    launch = store.add_launch("new", "sweep", {})
    assert store.withdraw_launches("new") == 1
    assert store.withdraw_launches("new") == 0
    assert store.launch(launch.id).state == "withdrawn"


def test_they_go_with_their_study(store: Store, run: RunRecord) -> None:
    store.add_launch("s", "resume", {})
    other = store.add_launch("other", "sweep", {})
    store.delete_study("s")
    assert store.launches() == [other]


def test_no_more_than_asked_for(store: Store) -> None:
    made = [store.add_launch(f"s{number}", "sweep", {}) for number in range(5)]
    assert len(store.launches(most=3)) == 3
    assert {launch.id for launch in store.launches()} == {launch.id for launch in made}
