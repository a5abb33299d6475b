"""Garbage collection of weights that nobody lists."""

from __future__ import annotations

import pytest

from oracle.driver.garbage import collect
from oracle.driver.lease import driving
from studies import StudyBusy
from tests.oracle.simulation import Laboratory, small_spec


def test_orphans_go_and_what_trials_list_stays() -> None:
    with Laboratory(small_spec()) as lab:
        lab.finish()
        orphan = lab.artifacts.put(b"what a killed worker left")
        assert collect(lab.store, dry_run=True) == [orphan]
        assert lab.artifacts.exists(orphan)
        assert collect(lab.store) == [orphan]
        assert set(lab.artifacts.hashes()) == lab.needed()
        assert collect(lab.store) == []


def test_nothing_is_collected_under_a_running_sweep() -> None:
    with Laboratory(small_spec()) as lab:
        orphan = lab.artifacts.put(b"about to be listed")
        with driving(lab.store, lab.store.study("s")), pytest.raises(StudyBusy):
            collect(lab.store)
        assert lab.artifacts.exists(orphan)
