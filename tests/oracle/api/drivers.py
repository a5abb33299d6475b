"""Real drivers of launches, each a process that can be killed; what they train is made up and takes a moment."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING
from unittest import mock

from oracle.api import driving, launching, sweeping
from oracle.api.displays import NoDisplay
from oracle.driver import lease, preflight
from oracle.driver.ready import Ready
from oracle.execution.groups import Groups
from oracle.study.fingerprints import TrainedOn
from oracle.testing.made_up_outcomes import MadeUp
from studies import StudyError
from tests.oracle.forking import forked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from oracle.execution import TrialSource
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import Artifacts, LaunchRecord, Store

MOMENT = 0.004
"""Seconds that a trial takes."""

LIFETIME = 3.0
"""Seconds until a driver that was killed is seen to be gone."""


class Logging:
    """An executor that writes down what it begins and what is recorded, in a file that outlives the process."""

    here = True

    def __init__(self, log: Path) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        made_up = MadeUp(spec.pruning.rate, artifacts)
        groups = Groups(source, spec, workers=1)
        while requests := groups.next():
            self._note("begun", requests)
            if source.gate is not None:
                source.gate.arrived(requests)
            time.sleep(MOMENT)
            answers: list[tuple[Request, Answer]] = [(request, made_up.answer(request)) for request in requests]
            source.record(answers)
            self._note("recorded", requests)

    def _note(self, word: str, requests: Sequence[Request]) -> None:
        for request in requests:
            os.write(self.log, f"{word} {getattr(request, 'id', 0)}\n".encode())


def drive(launch_id: str, url: str, log: Path) -> None:
    """Do what `scyc drive` does, but for the checks of data and network, which take long and are not asked here."""
    ready = Ready("made up")
    with (
        mock.patch.object(sweeping, "ready_executor", return_value=(Logging(log), ready)),
        mock.patch.object(sweeping, "with_engine", lambda spec: spec),
        mock.patch.object(driving, "trained_on_now", return_value=TrainedOn({}, "", {})),
        mock.patch.object(driving, "check_trained_on"),
        mock.patch.object(driving, "_see_this_machine"),
        mock.patch.object(preflight, "check_same_network"),
        mock.patch.object(lease, "LOOK", 0.01),
        mock.patch.object(lease, "LIFETIME", LIFETIME),
    ):
        try:
            launching.drive(launch_id, url, NoDisplay())
        except StudyError:
            raise SystemExit(1) from None


class ForkingLauncher(launching.Launcher):
    """A launcher whose drivers are forked, which is quicker than starting Python; those to come may be lost."""

    def __init__(self, folder: Path, db: str | None = None) -> None:
        super().__init__(db or f"sqlite:///{folder}/scyc.db", artifacts=f"{folder}/artifacts", logs=folder)
        self.__dict__ |= {"folder": folder, "processes": {}, "loses": [False]}

    folder: Path
    processes: dict[str, list[ForkServerProcess]]
    loses: list[bool]

    def _start(self, store: Store, launch: LaunchRecord) -> None:
        if self.loses[0]:  # as if the process that launches was killed before it started the driver
            return
        process = forked.Process(target=drive, args=(launch.id, self.db, self.trained(launch.study)))
        process.start()
        self.processes.setdefault(launch.study, []).append(process)

    def trained(self, study: str) -> Path:
        """The file in which the drivers of a study write what they do."""
        return self.folder / f"{study}.trained"

    def kill(self, study: str) -> None:
        """Kill the drivers of a study that still run."""
        for process in self.processes.pop(study, []):
            process.kill()
            process.join()

    def wait(self, study: str) -> None:
        """Wait until the drivers of a study have ended."""
        for process in self.processes.pop(study, []):
            process.join(60)
            assert process.exitcode is not None
