"""Several processes on one database, and one that is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from studies import Store

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from studies import Store
from oracle.testing.records import RESULT, checkpoint, finish, new
url, number = sys.argv[1], int(sys.argv[2])
with Store.open(url) as store:
    run = store.open_run(store.study("s").id, "oracle")
    for seed in range(number):
        for trial in store.add_trials(run.id, [new(seed=seed), new(seed=seed, max_lr=0.2)]):
            print("finished" if finish(store, trial.id, RESULT, [checkpoint("a")]) else "there", flush=True)
        store.add_wall_seconds(run.id, 1.0)
"""

RIVAL = """
import sys
from studies import Store, StudyBusy, StudyExists
print("ready", flush=True)
sys.stdin.read()  # all at once
with Store.open(sys.argv[1]) as store:
    store.create_study(sys.argv[2], {}, "h", "/a", {})
    try:
        store.create_study("s", {}, "h", "/a", {})
        print("created", end=" ")
    except StudyExists:
        print("there", end=" ")
    study = store.study("s")
    store.open_run(study.id, "oracle")
    try:
        print("token", store.acquire_lease(study.id, sys.argv[2], 60).token)
    except StudyBusy:
        print("busy")
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_at_once(code: str, *arguments: object, number: int) -> list[str]:
    """Start processes that wait for the end of their input, let them all go, and return what they print."""
    processes = [start(code, *arguments, name) for name in "abcdefgh"[:number]]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    outputs = []
    for process in processes:
        with process:
            assert process.stdout is not None
            outputs.append(process.stdout.read().strip())
            assert process.wait() == 0
    return outputs


def test_one_of_many_is_first(nothing: str) -> None:
    outputs = run_at_once(RIVAL, nothing, number=3)
    assert sorted(output.split()[0] for output in outputs) == ["created", "there", "there"]
    assert sorted(output.partition(" ")[2] for output in outputs) == ["busy", "busy", "token 1"]
    with Store.open(nothing) as store:
        assert {study.name for study in store.studies()} == set("abcs")
        assert len(store.runs(store.study("s").id)) == 1


def test_opening_waits_for_its_turn(disk: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "scyc.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        release = Timer(0.2, other.execute, ["COMMIT"])
        release.start()
        with Store.open(disk) as store:
            assert store.studies() == []
        release.join()


def test_processes_write_at_once(common: str) -> None:
    number = 3
    with Store.open(common) as store:
        run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
        processes = [start(WRITER, common, 30) for _ in range(number)]
        outputs = [process.communicate()[0].split() for process in processes]
        assert [process.returncode for process in processes] == [0] * number
        assert store.counts(run.id) == {"pending": 0, "complete": 60, "failed": 0, "stopped": 0}
        assert sum(output.count("finished") for output in outputs) == 60  # each trial by one of them
        assert len(store.checkpoints(run.id)) == 60
        assert store.open_run(run.study_id, run.name).wall_seconds == 30 * number


@pytest.mark.faults
def test_a_killed_writer_leaves_whole_trials(common: str, tmp_path: Path) -> None:
    with Store.open(common) as store:
        run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
    with start(WRITER, common, 10**6) as process:
        assert process.stdout is not None
        for _ in range(50):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = 50 + sum(1 for line in process.stdout if line == "finished\n")
    with Store.open(common) as store:
        complete = [trial for trial in store.trials(run.id, curves=True) if trial.state == "complete"]
        assert len(complete) in (said, said + 1)  # what was said is there
        assert {len(trial.result.epochs) for trial in complete if trial.result} == {3}
        assert len(store.checkpoints(run.id)) == len(complete)
    if not common.startswith("sqlite"):
        return
    with closing(sqlite3.connect(tmp_path / "scyc.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
