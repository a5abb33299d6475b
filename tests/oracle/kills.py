"""Drivers that are really killed: a small sweep, real training, SIGKILL at random moments, and what is left of it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.driver.events import Listener
from oracle.driver.lease import driving
from oracle.driver.oracle_run import OracleRun
from oracle.execution.inline import InlineExecutor
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study, study_spec
from studies import Artifacts, Store, StudyError
from tests.oracle.forking import forked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.context import ForkServerProcess
    from random import Random

    from oracle.execution import Executor
    from oracle.execution.gate import Gate
    from oracle.execution.messages import Answer, Request, TrialRequest

NAME = "killed"
SPEC: dict[str, Any] = {
    "levels": 3,
    "seeds": [0, 1],
    "epochs": 1,
    "search": {"max_lr": {"values": [0.05, 0.2, 0.8]}, "widen": 1},
}

RACE: dict[str, Any] = {
    "workload": "mnist1d/mlp-300-100",
    "levels": 3,
    "seeds": [0, 1],
    "epochs": 4,
    "search": {"method": "racing", "budget": 0.5, "max_lr": {"low": 0.02, "high": 1.0, "count": 8}},
}
"""A race: what comes next depends on what has ended, and hopeless trainings are stopped."""


class Logged:
    """A source that writes down which trials it hands out, in a file that outlives the process."""

    def __init__(self, source: OracleRun, log: Path) -> None:
        self.source = source
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    @property
    def finished(self) -> bool:
        return self.source.finished

    @property
    def gate(self) -> Gate | None:
        return self.source.gate

    def next(self, most: int = 1) -> list[TrialRequest]:
        requests = self.source.next(most)
        for request in requests:
            os.write(self.log, f"{request.id}\n".encode())
        return requests

    def record(self, answers: Sequence[tuple[Request, Answer]]) -> None:
        self.source.record(answers)


def drive(url: str, log: str, lifetime: float = 30.0, ray_address: str | None = None) -> None:
    """Go on with the study, as `scyc resume` does, inline or on a Ray cluster; exit with 1 where that complains."""
    try:
        _drive(url, log, lifetime, ray_address)
    except StudyError as error:
        Path(log).with_suffix(".complaint").write_text(str(error))
        raise SystemExit(1) from error


def _drive(url: str, log: str, lifetime: float, ray_address: str | None) -> None:
    with Store.open(url) as store:
        study = store.study(NAME)
        spec, artifacts = study_spec(study), Artifacts(study.artifacts)
        with driving(store, study, lifetime) as fenced:
            sweep = OracleRun(fenced, fenced.open_run(study.id, ORACLE), spec, artifacts, Listener(), retries=1)
            executor: Executor = InlineExecutor()
            if ray_address is not None:
                for hurdle in ("RAY_RUNTIME_ENV_HOOK", "RAY_START_HOOK"):  # of the test that began the forking server
                    os.environ.pop(hurdle, None)
                os.environ |= {"RAY_gcs_rpc_server_reconnect_timeout_s": "10"}  # it looks for a lost head for a minute
                from oracle.execution.tune import TuneExecutor

                executor = TuneExecutor(2, ray_address)
            executor.run(Logged(sweep, Path(log)), spec, artifacts)
            if not sweep.complete:
                raise StudyError(f"The workers ended before the study did; {len(sweep.failed)} trials failed.")


class Study:
    """The study in one database, seen from outside its drivers."""

    def __init__(self, url: str, folder: Path, spec: dict[str, Any] = SPEC) -> None:
        self.url, self.log = url, folder / "trained.log"
        with Store.open(url) as store:
            open_study(store, NAME, parse_spec(spec, "kills"), str(folder / "weights"))
        self.log.touch()

    def driver(self, lifetime: float = 30.0, ray_address: str | None = None) -> ForkServerProcess:
        """Start a driver."""
        process = forked.Process(target=drive, args=(self.url, str(self.log), lifetime, ray_address))
        process.start()
        return process

    def complaint(self) -> str:
        """What the last driver that gave up had to say."""
        return self.log.with_suffix(".complaint").read_text()

    def handed_out(self) -> list[int]:
        """Numbers of the trials that drivers have begun to train, in order."""
        return [int(line) for line in self.log.read_text().split()]

    def complete(self) -> set[int]:
        """Numbers of the trials that are recorded, to their end or as stopped."""
        with Store.open(self.url) as store:
            run = store.open_run(store.study(NAME).id, ORACLE)
            return {trial.id for trial in store.trials(run.id) if trial.state in ("complete", "stopped")}

    def facts(self) -> list[Any]:
        """Everything that must not depend on what was killed: all but times and row numbers."""
        return facts_of(self.url)


def facts_of(url: str) -> list[Any]:
    """Return all of an oracle run that must not depend on what was killed; check that the weights are there."""
    with Store.open(url) as store:
        study = store.study(NAME)
        run = store.open_run(study.id, ORACLE)
        levels = [(level.level, level.density, level.winner, level.edge) for level in store.levels(run.id)]
        trials = []
        for trial in store.trials(run.id, curves=True):
            ended = trial.result or trial.stopped
            assert ended is not None, f"Trial {trial.id} is {trial.state}."
            result = {key: getattr(ended, key) for key in ended.__slots__ if key != "seconds"}
            trials.append((trial.level, trial.seed, trial.max_lr, trial.parent, trial.round, result))
        kept = sorted((checkpoint.hash, checkpoint.kind) for checkpoint in store.checkpoints(run.id))
    assert {digest for digest, _ in kept} <= set(Artifacts(study.artifacts).hashes())
    return [levels, trials, kept]


def finish_under_fire(study: Study, random: Random | None, most: int, longest: float) -> int:
    """Drive the study to its end while killing its drivers at random moments; return how many were killed.

    Raises:
        AssertionError: a recorded trial was trained again, or a driver failed.
    """
    kills = 0
    while True:
        recorded, begun = study.complete(), len(study.handed_out())
        driver = study.driver()
        driver.join(random.uniform(0, longest) if random is not None and kills < most else 120)
        killed = driver.exitcode is None
        driver.kill()
        driver.join()
        again = recorded & set(study.handed_out()[begun:])
        assert not again, f"Trials {again} were trained again although they were recorded."
        if killed and kills < most:
            kills += 1
            continue
        assert driver.exitcode == 0, f"A driver ended with {driver.exitcode}: {study.complaint()}"
        return kills


def undisturbed(folder: Path, spec: dict[str, Any] = SPEC) -> tuple[list[Any], float]:
    """Return what a study comes to whose driver nobody kills, and how long it takes."""
    study = Study(f"sqlite:///{folder}/undisturbed.db", folder, spec)
    warm_up = forked.Process(target=int)
    warm_up.start()
    warm_up.join()
    started = time.monotonic()
    assert finish_under_fire(study, None, most=0, longest=0) == 0
    return study.facts(), time.monotonic() - started
