"""What every executor must do, as tests to subclass.

>>> class TestMine(ExecutorConformance):  # in your own test module, for pytest
...     def make_executor(self, workers: int) -> Executor:
...         return MyExecutor(workers)

If its workers are processes, subclass `oracle.testing.worker_processes.WorkerConformance` instead: it adds to these.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.execution.inline import InlineExecutor
from oracle.testing import own_trainings, sweeps
from oracle.testing.misdeeds import SURVIVED, Misdeed
from oracle.testing.misdeeds import sweep as sweep_of_misdeeds
from oracle.testing.workloads import write_workload
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.execution import Executor
    from studies import TrialRecord


class ExecutorConformance:
    """On one machine, the same spec gives the same study to the bit, whatever executor trains it."""

    def make_executor(self, workers: int) -> Executor:
        """Return an executor that trains `workers` trials at a time; or one at a time, if it never trains more."""
        raise NotImplementedError

    @pytest.mark.parametrize(("workers", "engine"), [(1, "eager"), (2, "graphs")])
    def test_it_gives_what_this_process_gives(self, workers: int, engine: str, tmp_path: Path) -> None:
        """However many workers there are, and also with an engine for which trials are handed out in groups."""
        run, store = sweeps.sweep(self.make_executor(workers), {**sweeps.SMALL, "engine": engine}, tmp_path)
        with store:
            assert run.complete
            assert sweeps.facts(store, run.run.id) == sweeps.reference_sweep()

    def test_runs_of_schedules_are_the_same(self, tmp_path: Path) -> None:
        """Including those that measure the network before they choose `max_lr`; trials are handed out one by one."""
        assert sweeps.walk(self.make_executor(2), tmp_path) == sweeps.reference_walk()

    @pytest.mark.parametrize("engine", ["eager", "graphs"])
    def test_trials_are_stopped_by_their_rules(self, engine: str, tmp_path: Path) -> None:
        """Those that stop tell how far they came and leave no weights; the others are as if nobody had stopped."""
        found = sweeps.one_by_one(self.make_executor(1), engine, tmp_path)
        assert [len(epochs) for epochs, _ in found.values()] == [2, 1, 3, 3] * 2
        assert [weights is None for _, weights in found.values()] == [True, True, False, False] * 2
        assert found == sweeps.reference_one_by_one()

    def test_once_it_is_stopping_what_is_under_way_is_recorded(self, tmp_path: Path) -> None:
        """Nothing more is handed out, not even of a group that was dealt, and it returns; the study can be resumed."""
        given, first = {**sweeps.SMALL, "engine": "graphs"}, sweeps.PausedByTheFirst()
        run, store = sweeps.sweep(self.make_executor(2), given, tmp_path, first, first.stop)
        with store:
            counts = store.counts(run.run.id)
            assert 1 <= counts["complete"] < 6  # the first level has 6, in groups of one seed's
            assert counts["complete"] + counts["pending"] == 6
        run, store = sweeps.sweep(self.make_executor(1), given, tmp_path)
        with store:
            assert sweeps.facts(store, run.run.id) == sweeps.reference_sweep()

    @pytest.mark.parametrize("kind", ["function", "command"])
    def test_trainings_of_the_users_give_what_this_process_gives(
        self, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Functions and commands, with the folders that they leave."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        write = own_trainings.spec_of_function if kind == "function" else own_trainings.spec_of_command
        workers = 1 if kind == "function" else 2
        found = own_trainings.facts_of(self.make_executor(workers), write(tmp_path, self._package(kind)), tmp_path)
        assert found == own_trainings.reference(kind)

    def test_a_trial_that_raises_is_recorded_as_failed_and_can_be_trained_later(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The reason is recorded; the study stops there and can be resumed."""
        self._fails_and_is_trained_later(
            "raise RuntimeError('no luck')", "RuntimeError: no luck", tmp_path, monkeypatch
        )

    def test_what_a_workload_does_to_its_process_harms_no_other_trial(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each trial ends as if nothing had been done, or is recorded as failed with the reason."""
        with (
            os.fdopen(os.dup(1), "w") as stdout,
            os.fdopen(os.dup(2), "w") as stderr,
        ):  # pytest's own must not be closed
            monkeypatch.setattr(sys, "stdout", stdout)
            monkeypatch.setattr(sys, "stderr", stderr)
            self._misbehaves(self.make_executor(1), SURVIVED, tmp_path, monkeypatch)
            monkeypatch.undo()

    def test_an_error_of_the_database_ends_the_sweep(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is not just logged while more trials are trained for nothing."""

        def refuse(*_: object) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(Store, "finish_trials", refuse)
        with pytest.raises(OSError, match="the disk is full"):
            sweeps.sweep(self.make_executor(1), sweeps.SMALL, tmp_path)

    def _fails_and_is_trained_later(
        self, trouble: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        spec = write_workload(folder, self._package(said), build=trouble)
        run, store = sweeps.sweep(self.make_executor(1), spec, folder)
        with store:
            assert run.failed
            assert not run.complete
            [trial] = store.trials(run.run.id)
            assert trial.state == "failed"
            assert said in (trial.error or "")
            assert store.levels(run.run.id) == []
            (folder / "in build").unlink()
            store.requeue_failed(run.run.id)
        run, store = sweeps.sweep(self.make_executor(1), spec, folder)
        with store:
            assert run.complete

    def _misbehaves(
        self, executor: Executor, misdeeds: Mapping[str, Misdeed], folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        harmless = {name: Misdeed("") for name in misdeeds}
        trials: list[dict[str, TrialRecord]] = []
        for trainer, done in ((InlineExecutor(), harmless), (executor, misdeeds)):
            place = folder / type(trainer).__name__ / str(len(trials))
            place.mkdir(parents=True)
            monkeypatch.chdir(place)
            monkeypatch.syspath_prepend(str(place))
            trials.append(sweep_of_misdeeds(trainer, done, place, self._package(f"does{len(trials)}{len(misdeeds)}")))
            assert Path.cwd() == place
        undisturbed, disturbed = trials
        for name, misdeed in misdeeds.items():
            trial = disturbed[name]
            if misdeed.said is None:
                expected = undisturbed[name].result
                assert trial.result is not None, (name, trial.error)
                assert expected is not None
                assert trial.result.checkpoint == expected.checkpoint, name
            else:
                assert trial.state == "failed", name
                assert misdeed.said in (trial.error or ""), (name, trial.error)

    def _package(self, about: str) -> str:
        """Return the name of a module that no other class's tests use."""
        return f"mine_{type(self).__name__}_" + "".join(filter(str.isalnum, about))
