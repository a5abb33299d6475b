"""How far a study is: its four states, and that asking stays cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.driver.lease import driving
from oracle.results.status import StudyStatus, UnreadableStudy, study_status, study_statuses
from oracle.results.study_view import view_study
from studies import Store, StudyNotFound
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.results.status import State


def state(lab: Laboratory) -> State:
    """The same from the status and from the whole view."""
    found = study_status(lab.store, "s").state
    assert view_study(lab.store, "s").state == found
    return found


def test_waiting_running_and_finished(tmp_path: Path) -> None:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        assert state(lab) == "waiting"
        with driving(lab.store, lab.store.study("s")):
            assert state(lab) == "running"
            lab.work(lab.sweep(), most=7)
            assert state(lab) == "running"
        assert state(lab) == "waiting"
        lab.finish()
        assert state(lab) == "finished"
        with driving(lab.store, lab.store.study("s")):
            assert state(lab) == "finished"


def test_failed_trials_block_once_nobody_works_and_nothing_is_left_to_train(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), fails=[(0, 0, 0.1)], url=url) as lab:
        lab.work(lab.sweep(), most=2)
        assert (study_status(lab.store, "s").failed, state(lab)) == (1, "waiting")
        with driving(lab.store, lab.store.study("s")):
            lab.finish()
            assert state(lab) == "running"  # its driver is about to say so
        assert state(lab) == "blocked"


def test_a_lease_that_has_lapsed_is_nobodys(tmp_path: Path) -> None:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        lab.store.acquire_lease(lab.store.study("s").id, "ann@elsewhere (process 7)", 1e-6)
        status = study_status(lab.store, "s")
        assert status.tenure is not None
        assert status.tenure.seconds_left <= 0
        assert state(lab) == "waiting"


def test_the_numbers() -> None:
    with Laboratory(small_spec()) as lab:
        lab.work(lab.sweep(), most=8)
        status = study_status(lab.store, "s")
    assert (status.study, status.workload, status.levels) == ("s", small_spec().workload, 3)
    assert [level.winner for level in status.decided] == [0.2]
    assert (status.done, status.pending, status.failed, status.total) == (8, 4, 0, 18)
    assert status.started


def test_no_trial_is_read_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with Laboratory(small_spec()) as lab:
        lab.finish()
        monkeypatch.setattr(Store, "trials", lambda *_: pytest.fail("Trials were read."))
        [status] = study_statuses(lab.store)
    assert isinstance(status, StudyStatus)
    assert (status.state, status.done) == ("finished", 18)


def test_a_study_that_cannot_be_read_does_not_hide_the_others() -> None:
    spec = small_spec()
    with Store.open("sqlite://") as store:
        assert study_statuses(store) == []
        store.create_study("new", spec.to_dict() | {"invented": 1}, "x", "memory://new", {})
        store.create_study("old", spec.to_dict(), spec.hash, "memory://old", {})
        new, old = study_statuses(store)
        assert isinstance(new, UnreadableStudy)
        assert new.to_json() == {"study": "new", "state": "unreadable", "error": new.error}
        assert "invented" in new.error
        assert (old.study, old.state) == ("old", "waiting")


def test_a_study_that_is_not_there() -> None:
    with Laboratory(small_spec()) as lab, pytest.raises(StudyNotFound, match="'t'"):
        study_status(lab.store, "t")
