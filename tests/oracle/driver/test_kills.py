"""Whatever is killed: nothing is lost, nothing is trained twice, and the study ends as if undisturbed."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
import time
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from studies import Store
from tests.oracle import kills
from tests.oracle.forking import forked
from tests.oracle.kills import Study, drive, finish_under_fire, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerProcess

    from tests.studies.server import Server

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], float]:
    return undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_study(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Study]:
    numbers = count()

    def make() -> Study:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        if request.param == "sqlite":
            return Study(f"sqlite:///{folder}/scyc.db", folder)
        server: Server = request.getfixturevalue("server")
        return Study(server.empty(), folder)

    return make


@pytest.fixture
def study(new_study: Callable[[], Study]) -> Study:
    return new_study()


def wait_until_training(study: Study, more_than: int = 0) -> None:
    deadline = time.monotonic() + 30
    while len(study.handed_out()) <= more_than:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(driver: ForkServerProcess) -> int | None:
    driver.join(60)
    return driver.exitcode


def test_twenty_killed_drivers_leave_the_study_of_an_undisturbed_one(
    new_study: Callable[[], Study], reference: tuple[list[Any], float]
) -> None:
    facts, seconds = reference
    killed, random = 0, Random(0)
    while killed < 20:  # a study may be finished before its drivers have been killed so often
        study = new_study()
        killed += finish_under_fire(study, random, most=20 - killed, longest=seconds / 3)
        assert study.facts() == facts


def test_a_race_under_fire_trains_stops_and_chooses_the_same(tmp_path: Path) -> None:
    """At five random moments; `python -m benchmarks.kills --race` has more."""
    (tmp_path / "undisturbed").mkdir()
    facts, seconds = undisturbed(tmp_path / "undisturbed", kills.RACE)
    assert any("epochs" in result and "val" not in result for *_, result in facts[1])  # stopped ones
    killed, random = 0, Random(2)
    for number in count():
        (folder := tmp_path / str(number)).mkdir()
        study = Study(f"sqlite:///{folder}/scyc.db", folder, kills.RACE)
        killed += finish_under_fire(study, random, most=5 - killed, longest=seconds / 2)
        assert study.facts() == facts
        if killed >= 5:
            break


def test_the_second_of_two_drivers_is_told_who_holds_the_study(
    study: Study, reference: tuple[list[Any], float]
) -> None:
    first = study.driver()
    wait_until_training(study)
    second = study.driver()
    assert ended(second) == 1
    assert ended(first) == 0
    assert "is being worked on by" in study.complaint()
    assert f"(process {first.pid} in " in study.complaint()
    assert study.facts() == reference[0]
    assert len(study.handed_out()) == len(study.complete())


def test_of_two_drivers_started_at_once_one_works(study: Study, reference: tuple[list[Any], float]) -> None:
    drivers = [study.driver() for _ in range(2)]
    assert sorted(ended(driver) or 0 for driver in drivers) in ([0, 1], [0, 0])  # the other one may come after it
    assert study.facts() == reference[0]
    assert len(study.handed_out()) == len(study.complete())


def freeze(pid: int, study: Study) -> None:
    """Freeze a driver between two transactions: frozen within one it would keep SQLite's lock, whoever waits for it."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        while " T " not in Path(f"/proc/{pid}/stat").read_text():
            time.sleep(0.01)
        if not study.url.startswith("sqlite"):
            return
        with closing(sqlite3.connect(study.url.removeprefix("sqlite:///"), timeout=0)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.01)
            else:
                return


def test_a_driver_that_was_frozen_beyond_its_lease_writes_nothing_more(
    study: Study, reference: tuple[list[Any], float]
) -> None:
    frozen = study.driver(lifetime=1.0)
    wait_until_training(study, more_than=2)
    assert frozen.pid is not None
    freeze(frozen.pid, study)
    try:
        time.sleep(1.5)
        successor = study.driver()
        assert ended(successor) == 0
        facts = study.facts()
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
    assert ended(frozen) == 1
    assert "no longer worked on by" in study.complaint()
    assert study.facts() == facts == reference[0]


def test_a_restarted_server_interrupts_nothing(
    server: Server, tmp_path: Path, reference: tuple[list[Any], float]
) -> None:
    study = Study(server.empty(), tmp_path)
    driver = study.driver()
    for already in (0, 6):
        wait_until_training(study, more_than=already)
        server.stop()
        server.start()
    assert ended(driver) == 0
    assert study.facts() == reference[0]
    assert len(study.handed_out()) == len(study.complete())


def _drive_on_a_full_disk(url: str, log: str, room: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    drive(url, log)


def test_a_full_disk_ends_the_driver_and_loses_nothing(tmp_path: Path, reference: tuple[list[Any], float]) -> None:
    study = Study(f"sqlite:///{tmp_path}/scyc.db", tmp_path)
    full = forked.Process(target=_drive_on_a_full_disk, args=(study.url, str(study.log), 400_000))
    full.start()
    assert ended(full) == 1
    assert "cannot be used" in study.complaint()
    assert 0 < len(study.complete()) < len(reference[0][1])
    assert finish_under_fire(study, None, most=0, longest=0) == 0
    assert study.facts() == reference[0]


def test_a_lost_connection_is_waited_for_but_not_for_ever(
    server: Server, tmp_path: Path, reference: tuple[list[Any], float]
) -> None:
    study = Study(server.empty(), tmp_path)
    driver = study.driver()
    wait_until_training(study, more_than=2)
    server.stop()
    back = threading.Timer(2.0, server.start)
    back.start()
    assert ended(driver) == 0
    back.join()
    assert study.facts() == reference[0]


def test_the_lease_of_a_finished_driver_is_free(study: Study) -> None:
    assert ended(study.driver()) == 0
    with Store.open(study.url) as store:
        lease = store.acquire_lease(store.study(kills.NAME).id, "somebody", 5)
        store.release_lease(lease)
