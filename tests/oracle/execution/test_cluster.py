"""A sweep on a cluster whose machines die, its head too, are cut off and come back, while its database restarts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.oracle.execution import unhurried
from tests.oracle.execution.cluster import Cluster, permitted
from tests.oracle.kills import SPEC, Study, undisturbed
from tests.studies.server import database_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.studies.server import Server

# A trial takes half a second, and there are enough of them, so that what happens falls into some.
LONGER = SPEC | {"workload": f"{unhurried.__name__}:workload", "levels": 4}
PATIENCE = 240  # seconds, on a machine that is busy with something else


def complete(server: Server, study: Study) -> int:
    [(number,)] = server.execute("SELECT count(*) FROM scyc_trials WHERE state = 'complete'", database_of(study.url))
    return int(number)


def connections(server: Server, study: Study) -> int:
    [(number,)] = server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database_of(study.url)}'")
    return int(number)


@pytest.mark.ray
@pytest.mark.faults
@pytest.mark.skipif(not permitted(), reason="Network namespaces, which take root and `ip`, cannot be made here.")
def test_lost_machines_and_a_restarted_database_change_nothing(server: Server, tmp_path: Path) -> None:
    study = Study(server.empty(), tmp_path, LONGER)
    held = tmp_path / "held"
    with Cluster(nodes=2, variables={unhurried.SECONDS: "0.5", unhurried.HELD: str(held)}) as cluster:
        deadline = time.monotonic() + PATIENCE
        while not all(node.runs() for node in cluster.nodes):  # else one trains everything before the other is there
            assert time.monotonic() < deadline
            time.sleep(0.1)
        driver = study.driver(ray_address=cluster.address)
        while complete(server, study) < 2:
            assert driver.exitcode is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        cluster.restart_head()
        for node in cluster.nodes:
            node.kill()  # by themselves they would take up to a minute to join the new one
        driver.join(PATIENCE)  # Ray ends its own driver, at the latest a minute after its head
        assert driver.exitcode not in (None, 0)
        recorded, begun = study.complete(), len(study.handed_out())
        held.touch()
        driver = study.driver(ray_address=cluster.address)

        def wait_for(condition: Callable[[], bool]) -> None:
            deadline = time.monotonic() + PATIENCE
            while not condition():
                assert driver.exitcode is None, "The study ended before everything had befallen it."
                assert time.monotonic() < deadline
                time.sleep(0.1)

        def wait_for_trials(number: int) -> None:
            wanted = complete(server, study) + number
            wait_for(lambda: complete(server, study) >= wanted)

        dying, secluded = cluster.nodes
        wait_for(lambda: dying.trains() and secluded.trains())
        held.unlink()
        wait_for_trials(2)
        assert connections(server, study) <= 3  # the driver's alone: to record, and for its heartbeat
        dying.kill()
        wait_for_trials(1)
        held.touch()  # else the study might end before the other is there again
        secluded.cut_off()
        wait_for(dying.trains)
        server.stop()
        server.start()
        held.unlink()
        wait_for_trials(2)
        secluded.mend()
        driver.join(PATIENCE)
        assert driver.exitcode == 0
    (calm := tmp_path / "calm").mkdir()
    assert study.facts() == undisturbed(calm, LONGER)[0]
    handed_out = study.handed_out()
    assert len(set(handed_out[:begun])) == begun
    # Nothing twice: lost machines cost no trial an attempt, and what the first driver recorded the second left alone.
    assert sorted(handed_out[begun:]) == sorted(study.complete() - recorded)
