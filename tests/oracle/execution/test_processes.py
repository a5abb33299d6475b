"""The executor on processes of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.execution.processes import ProcessExecutor
from oracle.testing.worker_processes import WorkerConformance
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

    def test_an_error_of_the_database_ends_the_sweep(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().test_an_error_of_the_database_ends_the_sweep(tmp_path, monkeypatch)
        assert self.workers() == []
