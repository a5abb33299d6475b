"""The executor on processes of this machine."""

from __future__ import annotations

import os
import signal
import sys
import time
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from oracle.execution.processes import ProcessExecutor
from oracle.testing import own_trainings, sweeps
from oracle.testing.worker_processes import Killer, WorkerConformance
from tests.oracle.execution.processes import OURS, Connections, processes

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.execution import Executor


@pytest.mark.faults  # some kill their workers
class TestProcesses(WorkerConformance, Connections):
    @pytest.fixture(autouse=True)
    def _marked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever is started by these tests can be told by this word in its environment."""
        monkeypatch.setenv("SCYC_TEST_DRIVER", OURS)

    def make_executor(self, workers: int, limit: float | None = None) -> Executor:
        return ProcessExecutor(workers, limit)

    def workers(self) -> list[int]:
        return processes("oracle.execution.child", f"SCYC_TEST_DRIVER={OURS}")

    def test_a_worker_that_dies_beside_its_readers_is_replaced_and_leaves_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its data are read by processes that it has forked, which hold open what it holds open."""
        monkeypatch.setenv("SCYC_DATA", str(tmp_path))
        for number in range(80):
            folder = tmp_path / "images" / ("val" if number % 4 == 0 else "train") / "ab"[number % 8 // 4]
            folder.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (number, 255 - number, 7)).save(folder / f"{number}.png")
        one = {"levels": 1, "seeds": [0], "batch_size": 8, "search": {"max_lr": {"values": [0.1]}, "widen": 0}}
        killed: list[int] = []

        def kill() -> None:
            given_up = time.monotonic() + 60
            while not killed and time.monotonic() < given_up:
                if len(found := self.workers()) > 1:
                    killed.append(min(found))
                    os.kill(killed[0], signal.SIGKILL)

        killer = Thread(target=kill)
        killer.start()
        spec = {**sweeps.SMALL, **one, "workload": "stream:images@8/resnet-8", "engine": "eager"}
        run, store = sweeps.sweep(self.make_executor(1), spec, tmp_path)
        killer.join()
        with store:
            assert run.complete
            assert killed
            assert {trial.attempts for trial in store.trials(run.run.id)} == {0}
        assert self.workers() == []

    @pytest.mark.parametrize("kind", ["function", "command"])
    def test_a_training_that_takes_too_long_is_ended(
        self, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        script = f"own_slow_{kind}"
        (tmp_path / f"{script}.py").write_text(
            "import sys, time\ndef train(trial): time.sleep(1000)\n" + "train(0)\n" * (kind == "command")
        )
        one: dict[str, Any] = {"levels": 1, "seeds": [0], "engine": "own", "search": {"max_lr": {"values": [0.1]}}}
        command = {"trial": {"command": f"{sys.executable} {script}.py"}}
        spec = one | ({"workload": f"{script}:train"} if kind == "function" else command)
        run, store = sweeps.sweep(self.make_executor(1, limit=1), spec, tmp_path)
        with store:
            [trial] = store.trials(run.run.id)
        assert "took longer than its time limit of 1 seconds" in (trial.error or "")
        given_up = time.monotonic() + 20
        while processes(script, f"SCYC_TEST_DRIVER={OURS}") and time.monotonic() < given_up:
            time.sleep(0.01)
        assert processes(script, f"SCYC_TEST_DRIVER={OURS}") == []

    def test_killed_workers_take_their_commands_with_them_and_cost_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        killer = Killer(self.workers)
        spec = own_trainings.spec_of_command(tmp_path, "own_of_killed_workers")
        assert own_trainings.facts_of(self.make_executor(2), spec, tmp_path, killer) == own_trainings.reference(
            "command"
        )
        assert len(killer.killed) >= 2
        assert processes("own_of_killed_workers.py", f"SCYC_TEST_DRIVER={OURS}") == []

    def test_an_error_of_the_database_ends_the_sweep(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().test_an_error_of_the_database_ends_the_sweep(tmp_path, monkeypatch)
        assert self.workers() == []
