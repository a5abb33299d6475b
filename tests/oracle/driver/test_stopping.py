"""Drivers that are asked to stop hand out nothing more."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from oracle.driver import lease as lease_module
from oracle.driver.interruption import interruptible
from oracle.driver.lease import driving
from oracle.driver.stopping import Stoppable, StopSignal
from oracle.execution.groups import Groups
from studies import LeaseLost
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "LOOK", 0.02)


def wait_for(what: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 20
    while not what():
        assert time.monotonic() < given_up
        time.sleep(0.005)


def test_what_is_under_way_is_recorded_and_nothing_else_is_handed_out(tmp_path: Path) -> None:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        stop = StopSignal()
        source = Stoppable(lab.sweep(), stop)
        groups = Groups(source, lab.spec, workers=2)
        under_way = [*groups.next(), *groups.next()]
        stop.ask("pause")
        assert not source.finished
        assert groups.next() == []
        assert not stop.gate.quiet  # two are on their way
        stop.gate.arrived(under_way)
        assert stop.gate.quiet
        source.record([(request, lab.answer(request)) for request in under_way])
        assert lab.store.counts(lab.run.id)["complete"] == 2
        resumed = Laboratory.state(lab.finish())
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/undisturbed.db") as undisturbed:
        assert resumed == undisturbed.finish().state()


def test_a_driver_sees_the_wish_and_says_so(tmp_path: Path) -> None:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        stop, study = StopSignal(), lab.run.study_id
        with driving(lab.store, study, stop=stop):
            token = lab.store.ask_to_stop(study, "pause")
            assert token is not None
            wait_for(lambda: lab.store.stop_seen(study, token) == "seen")
            assert str(stop.wish) == "pause"
            assert lab.store.ask_to_stop(study, "cancel") == token
            wait_for(lambda: lab.store.stop_seen(study, token) == "seen")
            assert str(stop.wish) == "cancel"
        assert lab.store.stop_seen(study, token) == "gone"


def test_no_trial_is_handed_out_after_the_driver_has_said_so(tmp_path: Path) -> None:
    """The wish arrives while another thread takes trials as fast as it can."""
    with Laboratory(small_spec(seeds=list(range(200))), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        stop, study, last = StopSignal(), lab.run.study_id, [0.0]
        source = Stoppable(lab.sweep(), stop)
        groups = Groups(source, lab.spec, workers=1)

        def take() -> None:
            while group := groups.next():
                time.sleep(0.002)  # it takes a while until it reaches its worker
                last[0] = time.monotonic()
                stop.gate.arrived(group)

        with driving(lab.store, study, stop=stop):
            taking = threading.Thread(target=take)
            taking.start()
            token = lab.store.ask_to_stop(study, "pause")
            assert token is not None
            wait_for(lambda: lab.store.stop_seen(study, token) == "seen")
            answered = time.monotonic()
            taking.join()
        assert 0 < last[0] < answered


def test_a_driver_whose_lease_is_lost_hands_out_nothing_more(tmp_path: Path) -> None:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab:
        stop, study = StopSignal(), lab.run.study_id
        with driving(lab.store, study, stop=stop) as fenced:
            lab.store.end_lease(study, 1)
            wait_for(lambda: stop.wish is not None)
            with pytest.raises(LeaseLost):
                fenced.add_wall_seconds(lab.run.id, 1.0)


def test_whoever_cancels_interrupts_the_main_thread_where_it_may_be() -> None:
    stop = StopSignal()
    stop.ask("cancel")  # nothing can be interrupted yet
    stop = StopSignal()
    threading.Timer(0.1, stop.ask, ["cancel"]).start()
    with pytest.raises(KeyboardInterrupt), interruptible(), stop.interrupting():
        time.sleep(20)
    stop = StopSignal()
    with interruptible(), stop.interrupting():
        stop.ask("pause")
        time.sleep(0.05)
