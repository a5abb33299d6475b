"""Runs that follow a schedule: each seed goes through the levels by itself, and nothing is searched."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.driver.attempts import Attempts
from oracle.execution.messages import Failure, MeasureRequest, Outcome, TrialRequest, last_line
from scyc.measured_schedules import Measured
from scyc.policies import policy_from_dict
from studies import FinishedTrial, MeasurementRecord, NewTrial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.driver.events import Listener
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from studies import RunRecord, Store, TrialRecord


@dataclass
class _Path:
    """How far one seed is: what its next level starts from, and what was measured when its levels began."""

    seed: int
    level: int = 0
    parent: str | None = None
    rewind_point: str | None = None
    measured: list[float] = field(default_factory=list)
    failure: str | None = None

    def step(self, trained: TrialRecord | Outcome) -> None:
        """Go on to the next level from what a trial left."""
        result = trained.result
        if result is None:
            raise ValueError("A path can only continue from a complete trial.")
        if self.level == 0:
            self.rewind_point = result.rewind_point
        self.parent = result.checkpoint
        self.level += 1


class ScheduleRun:
    """One run of one schedule, resumed from what the database holds.

    Args:
        store: the database.
        run: the run in it; its policy says what to train.
        spec: spec of the study.
        seeds: seeds to train on; seeds on record may be left out.
        listener: told what happens.
        retries: how often to try again what fails, >= 0, before it is recorded as failed.
        trained_on: fingerprints of data and own code that workers must have, as JSON; "" for any.
    """

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        spec: Spec,
        seeds: Sequence[int],
        listener: Listener,
        retries: int = 0,
        trained_on: str = "",
    ) -> None:
        self.store, self.run, self.spec, self.listener = store, run, spec, listener
        self._attempts = Attempts(store, listener, retries)
        self.policy = policy_from_dict(run.policy or {})
        self._trial_hash = spec.trial_hash  # worked out once
        self._policy, self._trained_on = json.dumps(run.policy, sort_keys=True), trained_on
        self._paths = {seed: _Path(seed) for seed in seeds}
        self._queue: deque[Request] = deque()
        self._take_up()

    @property
    def complete(self) -> bool:
        """Whether every seed has gone through every level."""
        return all(path.level >= self.spec.levels for path in self._paths.values())

    gate = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train: every seed has gone through every level, or a failure has stopped it."""
        return all(path.failure or path.level >= self.spec.levels for path in self._paths.values())

    @property
    def steps_left(self) -> int:
        """How many trials must still be trained."""
        return sum(self.spec.levels - path.level for path in self._paths.values())

    @property
    def failures(self) -> list[str]:
        """What has stopped seeds, one phrase for each."""
        return [
            f"level {path.level}, seed {path.seed}: {last_line(path.failure)}"
            for path in self._paths.values()
            if path.failure
        ]

    def next(self, most: int = 1) -> list[Request]:
        """Return up to `most` requests; none if answers must come first or the run is finished."""
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def record(self, answers: Sequence[tuple[Request, Answer]]) -> None:
        """Write answers to the database, the outcomes of trials in one transaction, and queue what comes next.

        Raises:
            StudyError: they cannot be written.
            TypeError: a trial was stopped, which nobody asked for.
        """
        self.store.finish_trials(
            [
                FinishedTrial(request.id, answer.result, answer.saved, answer.machine, answer.start)
                for request, answer in answers
                if isinstance(request, TrialRequest) and isinstance(answer, Outcome)
            ]
        )
        continuing = []
        for request, answer in answers:
            path = self._paths[request.seed]
            if isinstance(answer, Failure):
                self._failed(path, request, answer)
                continue
            if isinstance(answer, Measured):
                found = MeasurementRecord(path.level, path.seed, path.parent, answer.value, answer.epochs)
                path.measured.append(self.store.add_measurement(self.run.id, found).value)
            elif isinstance(request, TrialRequest) and isinstance(answer, Outcome):
                path.step(answer)
                self.listener.trial_ended(request, answer)
            else:
                raise TypeError(f"A run of a schedule trains its trials to their end, but {request!r} was stopped.")
            continuing.append(path)
        self._ask(continuing)

    def _take_up(self) -> None:
        """Follow every seed's path through the database, and queue what comes next."""
        trials = {(trial.seed, trial.parent): trial for trial in self.store.trials(self.run.id)}
        measured = {(found.seed, found.parent): found.value for found in self.store.measurements(self.run.id)}
        for path in self._paths.values():
            while path.level < self.spec.levels:
                key = (path.seed, path.parent)
                if self.policy.needs is not None and key in measured:
                    path.measured.append(measured[key])
                trial = trials.get(key)
                if trial is None or trial.result is None:
                    break
                path.step(trial)
        self._ask(list(self._paths.values()))

    def _ask(self, paths: Sequence[_Path]) -> None:
        """Queue what the paths need next."""
        wanted: dict[int, NewTrial] = {}  # by seed
        for path in paths:
            if path.level >= self.spec.levels:
                continue
            if self.policy.needs is not None and len(path.measured) <= path.level:
                self._queue.append(
                    MeasureRequest(
                        self.policy.needs,
                        path.level,
                        path.seed,
                        path.parent,
                        path.rewind_point if path.level else None,
                        self.run.id,
                        self._policy,
                        self._trained_on,
                    )
                )
                continue
            max_lr = self.policy.max_lr(path.level, path.measured)
            wanted[path.seed] = NewTrial(path.level, path.seed, max_lr, path.parent, 0, self._trial_hash)
        if wanted:
            for trial in self.store.add_trials(self.run.id, list(wanted.values())):
                self._queue_trial(self._paths[trial.seed], trial)

    def _queue_trial(self, path: _Path, trial: TrialRecord) -> None:
        if trial.state == "failed":
            path.failure = trial.error or "no error was recorded"
            return
        self._attempts.start_from(trial.id, trial.attempts)
        self._queue.append(
            TrialRequest(
                trial.id,
                path.level,
                path.seed,
                trial.max_lr,
                path.parent,
                path.rewind_point if path.level else None,
                self.run.id,
                self._policy,
                self._trained_on,
            )
        )

    def _failed(self, path: _Path, request: Request, failure: Failure) -> None:
        if self._attempts.retry(request, failure):
            self._queue.append(request)
        else:
            path.failure = failure.error


class ScheduleRuns:
    """Several runs trained together, so that no worker waits while any run has something to do."""

    def __init__(self, walks: Sequence[ScheduleRun]) -> None:
        self.walks = {walk.run.id: walk for walk in walks}
        self._turn = deque(walks)

    @property
    def steps_left(self) -> int:
        """How many trials must still be trained if nothing fails."""
        return sum(walk.steps_left for walk in self.walks.values())

    @property
    def failures(self) -> list[str]:
        """What has stopped seeds of the runs, one phrase for each."""
        return [f"{walk.run.name} at {failure}" for walk in self.walks.values() for failure in walk.failures]

    @property
    def complete(self) -> bool:
        """Whether every run is complete."""
        return all(walk.complete for walk in self.walks.values())

    gate = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        return all(walk.finished for walk in self.walks.values())

    def next(self, most: int = 1) -> list[Request]:
        """Return up to `most` requests; the runs take turns."""
        found: list[Request] = []
        idle = 0  # how many runs in a row had nothing
        while len(found) < most and idle < len(self._turn):
            self._turn.rotate(-1)
            requests = self._turn[0].next()
            found += requests
            idle = 0 if requests else idle + 1
        return found

    def record(self, answers: Sequence[tuple[Request, Answer]]) -> None:
        """Give each run its own answers, which it records in one transaction."""
        by_run: dict[int, list[tuple[Request, Answer]]] = {}
        for request, answer in answers:
            by_run.setdefault(request.run_id, []).append((request, answer))
        for run_id, its_own in by_run.items():
            self.walks[run_id].record(its_own)
