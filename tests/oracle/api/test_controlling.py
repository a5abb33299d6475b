"""Pausing and cancelling a study, whoever drives it."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from oracle.api import controlling
from oracle.api.displays import NoDisplay
from oracle.api.entry import sweep
from oracle.api.errors import StoppedOnRequest
from oracle.api.launching import Launcher
from oracle.api.study import Study
from oracle.driver import lease
from oracle.driver.events import Listener
from oracle.execution import ExecutionOptions
from oracle.testing import sweeps
from studies import LeaseLost, StudyNotFound
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from oracle.spec.model import Spec


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Laboratory]:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        yield lab


@pytest.mark.parametrize("stop", [controlling.pause, controlling.cancel])
def test_a_frozen_driver_loses_its_lease(lab: Laboratory, stop: object) -> None:
    """What it still does when it wakes up is not recorded."""
    held = lab.store.acquire_lease(lab.run.study_id, "somebody@elsewhere (process 1 in unknown)", 60)
    stop("s", lab.store.url, 0.1)  # type: ignore[operator]
    with pytest.raises(LeaseLost):
        lab.store.fenced(held).add_wall_seconds(lab.run.id, 1.0)
    assert lab.store.tenure(lab.run.study_id) is None


def test_a_driver_that_has_died_is_not_waited_for(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.store.acquire_lease(lab.run.study_id, "dead", 60)
    monkeypatch.setattr(controlling, "has_died", lambda holder: holder == "dead")
    started = time.monotonic()
    controlling.cancel("s", lab.store.url)
    assert time.monotonic() - started < controlling.PATIENCE / 2
    assert lab.store.tenure(lab.run.study_id) is None


def test_a_study_that_nobody_drives_or_that_is_not_there(lab: Laboratory) -> None:
    Study("s", lab.store.url).pause()
    Study("s", lab.store.url).cancel()
    with pytest.raises(StudyNotFound, match="'t'"):
        controlling.pause("t", lab.store.url)


def test_a_study_that_is_still_to_be_made(tmp_path: Path) -> None:
    class Lost(Launcher):
        def _start(self, *_: object) -> None:
            pass

    launcher = Lost(f"sqlite:///{tmp_path}/scyc.db")
    launcher.sweep("new", small_spec(), ExecutionOptions())
    controlling.pause("new", launcher.db)
    with pytest.raises(StudyNotFound):
        controlling.pause("new", launcher.db)


class PausesAfterTheFirst(NoDisplay, Listener):
    """Asks the driver to pause, through the database, once the first trial is recorded; waits until it has heard."""

    def __init__(self, db: str) -> None:
        self.db, self.asked = db, False

    def sweep(self, spec: Spec, recorded: int) -> AbstractContextManager[Listener]:
        return nullcontext(self)

    def trial_ended(self, *_: object) -> None:
        if not self.asked:
            self.asked = True
            controlling.pause("small", self.db)


def test_a_call_that_trains_says_that_somebody_has_paused_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LOOK", 0.01)
    db = f"sqlite:///{tmp_path}/scyc.db"
    with pytest.raises(StoppedOnRequest, match="paused on request"):
        sweep(sweeps.SMALL, name="small", db=db, executor="inline", mirror=False, progress=PausesAfterTheFirst(db))
    study = Study("small", db)
    assert (study.status.state, study.status.done) == ("waiting", 1)
    study.resume(executor="inline", mirror=False)
    assert study.status.state == "finished"
