"""What every executor must do whose workers are processes, which may hang, die, or lack something they need."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from oracle.driver.events import Listener
from oracle.testing import sweeps
from oracle.testing.executors import ExecutorConformance
from oracle.testing.misdeeds import DEADLY, LIMIT
from oracle.testing.workloads import write_workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from oracle.execution import Executor
    from oracle.execution.messages import Failure, Outcome, TrialRequest


class WorkerConformance(ExecutorConformance):
    """Whatever happens to a worker, no trial loses more than it must, and no process is left behind."""

    def make_executor(self, workers: int, limit: float | None = None) -> Executor:
        """Return an executor that trains `workers` trials at a time, each for at most `limit` seconds."""
        raise NotImplementedError

    def workers(self) -> list[int]:
        """Return the ids of the processes that are training for this test."""
        raise NotImplementedError

    def test_what_kills_or_blocks_a_worker_is_recorded_and_leaves_nothing_running(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A death is the trial's failure once deaths count; a trial that hangs is ended at its time limit."""
        monkeypatch.setattr("oracle.execution.deaths.FORGIVEN", 0)
        self._misbehaves(self.make_executor(1, limit=LIMIT), DEADLY, tmp_path, monkeypatch)
        given_up = time.monotonic() + 20
        while self.workers() and time.monotonic() < given_up:
            time.sleep(0.1)
        assert self.workers() == []

    def test_what_a_worker_lacks_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The trial fails, and the driver goes on."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        lacking = "raise FileNotFoundError('this machine has no such data')"
        spec = write_workload(tmp_path, self._package("lacks"), load=lacking)
        run, store = sweeps.sweep(self.make_executor(1), spec, tmp_path)
        with store:
            [trial] = store.trials(run.run.id)
            assert "FileNotFoundError: this machine has no such data" in (trial.error or "")

    def test_killed_workers_are_replaced_and_cost_no_trial_an_attempt(self, tmp_path: Path) -> None:
        """The study's results are the same."""
        killer = Killer(self.workers)
        run, store = sweeps.sweep(self.make_executor(2), sweeps.SMALL, tmp_path, killer)
        with store:
            assert len(killer.killed) >= 2
            assert {trial.attempts for trial in store.trials(run.run.id)} == {0}
            assert sweeps.facts(store, run.run.id) == sweeps.reference_sweep()


class Killer(Listener):
    """Ends every worker after the fourth trial, by SIGKILL, and one after the tenth by SIGTERM, as a shutdown does."""

    def __init__(self, workers: Callable[[], list[int]]) -> None:
        self.workers, self.ended = workers, 0
        self.killed: list[int] = []

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:  # noqa: ARG002
        """Count it."""
        self.ended += 1
        if self.ended in (4, 10):
            ending = self.workers() if self.ended == 4 else self.workers()[:1]
            for pid in ending:
                os.kill(pid, signal.SIGKILL if self.ended == 4 else signal.SIGTERM)
                self.killed.append(pid)
