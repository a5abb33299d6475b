"""The right to drive a study."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from oracle.driver import lease as module
from oracle.driver.lease import driving
from studies import LeaseLost, Store, StudyBusy, StudyRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _unshares() -> bool:
    try:
        return subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/scyc.db") as store:
        yield store


@pytest.fixture
def study(store: Store) -> StudyRecord:
    return store.create_study("s", {}, "h", "/a", {})


@contextmanager
def held_by(store: Store, study: StudyRecord, holder: str, lifetime: float = 60) -> Iterator[None]:
    lease = store.acquire_lease(study.id, holder, lifetime)
    yield
    store.release_lease(lease)


def test_the_lease_is_held_within_the_block_and_free_after_it(store: Store, study: StudyRecord) -> None:
    for _ in range(2):
        with driving(store, study) as fenced:
            fenced.open_run(study.id, "oracle")
            with pytest.raises(StudyBusy, match="is being worked on by"):
                store.acquire_lease(study.id, "another", 1)


def test_it_is_given_back_also_when_the_block_fails(store: Store, study: StudyRecord) -> None:
    with pytest.raises(ZeroDivisionError), driving(store, study):
        raise ZeroDivisionError
    with held_by(store, study, "another"):
        pass


def test_a_heartbeat_keeps_it_beyond_its_lifetime(store: Store, study: StudyRecord) -> None:
    with driving(store, study, lifetime=0.3):
        time.sleep(0.8)
        with pytest.raises(StudyBusy):
            store.acquire_lease(study.id, "another", 1)


@pytest.mark.parametrize(
    "holder",
    [
        "somebody@another-machine (process {dead} in {here})",
        "{me}",
        "a tool of one's own",
        "{user_and_host} (process 1 in {here})",  # alive, and not ours
        "{user_and_host} (process {dead} in 0123abcd)",  # another container or machine of the same name
        "{user_and_host} (process {dead} in unknown)",
        "{user_and_host} (process {dead})",  # of an earlier version: it may be anywhere
    ],
)
def test_nobody_who_may_be_alive_is_robbed(holder: str, dead: int, store: Store, study: StudyRecord) -> None:
    me = module._holder()
    holder = holder.format(me=me, user_and_host=me.partition(" (")[0], here=module._numbering(), dead=dead)
    with (
        held_by(store, study, holder),
        pytest.raises(StudyBusy, match="last heartbeat"),
        driving(store, study),
    ):
        pass


@pytest.fixture
def dead() -> int:
    """Number of a process that is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_dead_process_of_this_machine_leaves_its_lease_at_once(dead: int, store: Store, study: StudyRecord) -> None:
    store.acquire_lease(study.id, module._holder().replace(f"process {os.getpid()} ", f"process {dead} "), 3600)
    with driving(store, study) as fenced:
        fenced.open_run(study.id, "oracle")


def test_where_process_numbers_count_cannot_be_found_out(
    dead: int, store: Store, study: StudyRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_numbering", lambda: module.UNKNOWN)
    holder = module._holder().replace(f"process {os.getpid()} ", f"process {dead} ")
    with held_by(store, study, holder), pytest.raises(StudyBusy), driving(store, study):
        pass


@pytest.mark.skipif(not _unshares(), reason="PID namespaces cannot be made here.")
def test_processes_are_numbered_anew_in_another_namespace() -> None:
    script = "from oracle.driver.lease import _numbering; print(_numbering())"
    command = ["unshare", "--pid", "--fork", sys.executable, "-c", script]
    there = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert there != module._numbering()


def test_whoever_lost_it_writes_nothing_more(store: Store, study: StudyRecord) -> None:
    with driving(store, study, lifetime=60) as fenced:
        run = fenced.open_run(study.id, "oracle")
        with pytest.raises(StudyBusy) as busy:
            store.acquire_lease(study.id, "another", 60)
        store.acquire_lease(study.id, "another", 60, dead=busy.value.token)
        with pytest.raises(LeaseLost, match="another took it over"):
            fenced.add_wall_seconds(run.id, 1.0)
    assert store.runs(study.id)[0].wall_seconds == 0


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 54321"), OSError(), ImportError("pwd")])
def test_a_holder_without_a_name_is_known_by_number(
    store: Store, study: StudyRecord, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("os.getuid", lambda: 54321)
    with driving(store, study):
        tenure = store.tenure(study.id)
    assert tenure is not None
    assert tenure.holder.startswith("user 54321@")
    assert not module.has_died(tenure.holder)
