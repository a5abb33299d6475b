"""What pages are told while a sweep runs."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from oracle.driver.lease import driving
from oracle.web import application
from oracle.web.cursor import Cursor
from studies import Store, StudyUnavailable
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.following import Event, following
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from studies import StudyChanges

EVENTS = "/api/v1/studies/1/events"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.live.EVERY", 0.02)
    monkeypatch.setattr("oracle.web.live.SHARE", 1.0)
    monkeypatch.setattr("oracle.web.live.AWAY", 0.02)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Laboratory]:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        yield lab


def until_done(told: Iterator[Event], done: int) -> list[Event]:
    """The events up to the one by which so many trials are done."""
    found = []
    for event in told:
        found.append(event)
        cursor = Cursor.parse(event.id)
        if event.kind == "study" and cursor is not None and cursor.ended == done:
            return found
    raise AssertionError("The stream has ended.")


def test_a_sweep_is_followed_to_its_end(lab: Laboratory) -> None:
    with served(application(lab.store)) as there, following(there, EVENTS) as told:
        first = next(told)
        assert first.kind == "study"
        assert all(first.data["changed"].values())
        assert first.data["cursor"] == first.id
        sweep = lab.sweep()
        lab.work(sweep, most=4)
        events = until_done(told, 4)
        lab.work(sweep)
        events += until_done(told, 18)
        ended = [trial["id"] for event in events if event.kind == "trials" for trial in event.data["trials"]]
        assert sorted(ended) == [trial.id for trial in lab.store.trials(lab.run.id)]
        last = events[-1].data
        assert (last["decided"], last["summary"]["state"]) == (3, "finished")
        assert last["changed"]["levels"]
        assert not last["changed"]["spec"]


def test_what_is_told_is_in_the_database(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(application(lab.store)) as there, following(there, EVENTS) as told:
        next(told)
        sweep = lab.sweep()
        for _ in range(6):
            lab.work(sweep, most=3)
            for event in told:
                if event.kind == "study":
                    assert event.data["decided"] <= len(lab.store.levels(lab.run.id))
                    assert event.data["summary"]["trials"]["done"] <= lab.store.counts(lab.run.id)["complete"]
                    break


def test_a_dropped_line_is_resumed_also_by_another_server(lab: Laboratory) -> None:
    sweep = lab.sweep()
    lab.work(sweep, most=2)
    with served(application(lab.store)) as there, following(there, EVENTS) as told:
        seen = next(told).id
    lab.work(sweep, most=5)
    with served(application(lab.store)) as there:
        with following(there, EVENTS, seen) as told:
            ended, state = next(told), next(told)
            assert (ended.kind, ended.id, state.kind) == ("trials", seen, "study")
            assert len(ended.data["trials"]) == 5
            assert ended.data["more"] is False
            assert state.data["changed"]["trials"]
        with following(there, EVENTS, state.id) as told:  # nothing is told again that was seen
            lab.work(sweep, most=1)
            ended = next(told)
            assert [ended.kind, len(ended.data["trials"])] == ["trials", 1]


@pytest.mark.parametrize(
    "junk", ["x", "a~b~c~d~e", "0~0.0.x.y~0~0~0", "9" * 400, "~~~~", "0~1.99999999999999999~0~0~0"]
)
def test_a_cursor_that_is_none_begins_anew(junk: str, lab: Laboratory) -> None:
    with served(application(lab.store)) as there, following(there, EVENTS, junk) as told:
        assert next(told).kind == "study"


def test_more_have_ended_than_are_listed(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.v1.events.MOST_TRIALS", 5)
    monkeypatch.setattr("oracle.web.v1.events.FEW_TRIALS", 3)
    changes = lab.store.changes(1)
    assert changes is not None
    lab.work(lab.sweep(), most=6)
    with served(application(lab.store)) as there, following(there, EVENTS, str(Cursor.of(changes))) as told:
        ended = next(told)
    assert len(ended.data["trials"]) == 3
    assert ended.data["more"] is True


def test_a_study_that_is_deleted_is_gone(lab: Laboratory) -> None:
    with served(application(lab.store)) as there, following(there, EVENTS) as told:
        next(told)
        lab.store.delete_study("s")
        gone = next(told)
        assert (gone.kind, gone.data) == ("gone", {"id": 1})
        assert list(told) == []
    with pytest.raises(HTTPError, match="404") as refused, served(application(lab.store)) as there:
        urlopen(there + EVENTS, timeout=10)
    refused.value.close()


def test_a_lease_is_seen_to_come_and_go(lab: Laboratory) -> None:
    with served(application(lab.store)) as there, following(there, EVENTS) as told:
        assert next(told).data["summary"]["state"] == "waiting"
        with driving(lab.store, lab.store.study("s")):
            event = next(told)
            assert event.data["summary"]["state"] == "running"
            assert [part for part, changed in event.data["changed"].items() if changed] == ["lease"]
        assert next(told).data["summary"]["holder"] is None


def test_pages_share_one_watcher_which_ends_with_the_last(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    changes = Store.changes

    def counting(store: Store, study_id: int) -> StudyChanges | None:
        asked.append(time.monotonic())
        return changes(store, study_id)

    monkeypatch.setattr(Store, "changes", counting)
    monkeypatch.setattr("oracle.web.live.EVERY", 3600.0)
    service = application(lab.store)
    with served(service) as there:
        with ExitStack() as pages:
            told = [pages.enter_context(following(there, EVENTS)) for _ in range(20)]
            assert {next(page).kind for page in told} == {"study"}
            assert len(asked) == 1
        watch = service.watch
        deadline = time.monotonic() + 10
        while len(watch) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(watch) == 0


def test_a_database_that_is_away_for_a_while_ends_no_stream(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = Store.changes
    away: list[int] = []

    def sometimes(store: Store, study_id: int) -> StudyChanges | None:
        if away:
            away.append(1)
            raise StudyUnavailable("The database is away.")
        return changes(store, study_id)

    monkeypatch.setattr(Store, "changes", sometimes)
    with served(application(lab.store)) as there, following(there, EVENTS) as told:
        next(told)
        away.append(1)
        while len(away) < 4:
            time.sleep(0.01)
        lab.work(lab.sweep(), most=1)
        away.clear()
        assert next(told).kind == "trials"


def test_so_many_pages_follow_and_no_more(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.live.STREAMS", 2)
    with served(application(lab.store)) as there, ExitStack() as pages:
        for _ in range(2):
            next(pages.enter_context(following(there, EVENTS)))
        with pytest.raises(HTTPError, match="503") as refused:
            urlopen(there + EVENTS, timeout=10)
        assert refused.value.headers["Retry-After"] == "30"
        refused.value.close()


def test_a_silent_line_is_kept_open(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.v1.events.KEEP_ALIVE", 0.05)
    with served(application(lab.store)) as there, urlopen(there + EVENTS, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        for line in answer:
            if line == b": still here\n":
                break


def test_the_list_is_followed(lab: Laboratory) -> None:
    with served(application(lab.store)) as there, following(there, "/api/v1/events") as told:
        first = next(told)
        assert [study["name"] for study in first.data["studies"]] == ["s"]
        lab.work(lab.sweep(), most=1)
        assert any(event.data["studies"][0]["trials"]["done"] == 1 for event in told)
        with following(there, "/api/v1/events", first.id) as again:
            assert next(again).data["studies"][0]["trials"]["done"] == 1


def test_the_server_stops_while_pages_follow(lab: Laboratory) -> None:
    with ExitStack() as pages:
        with served(application(lab.store)) as there:
            told = pages.enter_context(following(there, EVENTS))
            next(told)
            began = time.monotonic()
        assert time.monotonic() - began < 2.5  # and not after those three seconds in which answers may end
        assert list(told) == []  # it may come back: the study is not gone
