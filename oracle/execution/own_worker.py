"""A worker that runs the user's own trainings, functions or commands. It loads no data and builds no network."""

from __future__ import annotations

import json
import math
import os
import time
import traceback
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.execution.deaths import how_it_ended
from oracle.execution.machine import this_machine, works
from oracle.execution.messages import Failure, Outcome, Stopped, TrialRequest
from oracle.execution.sameness import check_same
from oracle.execution.scratch import scratch_folder
from oracle.trials.command import run
from oracle.trials.current import VARIABLE, Exchange
from oracle.trials.curve import Bound, up_to_stop
from oracle.trials.returned import checked
from oracle.trials.trial import Facts, Stop, Trial
from scyc import InputError, density
from scyc.fence import fenced
from scyc.own_objects import find_training, given
from scyc.policies import policy_from_dict
from scyc.randomness import seeded_everywhere
from scyc.settings import same_settings
from scyc.threads import threads
from studies import EpochRecord, NewCheckpoint, TrialResult, put_folder, view_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from oracle.trials.curve import Point
    from oracle.trials.returned import Returned
    from studies import Artifacts, MachineRecord


THREADS = "OMP_NUM_THREADS"

_ADVICE = (
    'let it call oracle.current_trial().finish(val=...), or write {"val": NUMBER} to the file that is "result" in its '
    "trial's file"
)


@dataclass(frozen=True)
class _Told:
    """What a training said: its learning curve, and what it returned."""

    points: Iterable[Point]
    returned: Any


class OwnWorker:
    """Runs the trainings of one study, one after another.

    Args:
        spec: spec of the study.
        artifacts: where the folders of parents come from, and where those that trainings leave go.
        training: the context in which so many requests are trained; it is entered once everything is prepared.
    """

    def __init__(
        self, spec: Spec, artifacts: Artifacts, training: Callable[[int], AbstractContextManager[None]]
    ) -> None:
        self.spec, self.artifacts, self._training = spec, artifacts, training
        self._machine = _machine(spec)
        self._run = self._command(spec.trial.command) if spec.trial.command else self._function(spec.workload)
        self._who = "The command" if spec.trial.command else f"The training {spec.workload!r}"

    def attempt(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests, in their order. An exception becomes a failure."""
        return [self._attempt(request) for request in requests]

    def usable(self) -> bool:
        """Whether the device still works, as far as this process uses it."""
        import torch

        in_use = self.spec.trial.command is None and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        return works(torch.device("cuda" if in_use else "cpu"))

    def _attempt(self, request: Request) -> Answer:
        if not isinstance(request, TrialRequest):
            return Failure("A training of your own cannot be measured: its network is not known.")
        try:
            return self._answer(request)
        except KeyboardInterrupt:
            raise
        except _CommandFailedError as failed:
            return Failure(str(failed))
        except BaseException:  # whatever a user's own code raises
            return Failure(traceback.format_exc())

    def _answer(self, request: TrialRequest) -> Outcome | Stopped:
        if request.trained_on and given(self.spec.workload) is None and self.spec.trial.command is None:
            check_same(self.spec.workload, request.trained_on)
        with scratch_folder(self._place()) as folder:
            facts = self._facts(request, folder)
            started = time.perf_counter()
            told = self._run(facts, folder)
            curve, stopped = up_to_stop(told.points, facts.bound)
            for point in curve:
                self._check(point.val, f"The val that was reported at step {point.step}")
            seconds = time.perf_counter() - started
            if stopped:
                return Stopped(_records(curve), seconds, self._machine)
            result = self._result(checked(told.returned, self._who), facts, curve, seconds)
            key, size = put_folder(self.artifacts, facts.out, request.parent)
        saved = NewCheckpoint(key, "trained", size, request.parent)
        return Outcome(replace(result, checkpoint=key), (saved,), self._machine)

    def _place(self) -> Path | None:
        """Return where trials work: beside the artifacts, where what they leave need not be copied."""
        if not self.artifacts.is_local:
            return None
        place = Path(self.artifacts.root, "tmp")
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _facts(self, request: TrialRequest, folder: Path) -> Facts:
        """Return what the trial is, with its folders made."""
        out, parent = folder / "out", None
        out.mkdir()
        if request.parent is not None:
            parent = folder / "parent"
            view_folder(self.artifacts, request.parent, parent)
        profile = policy_from_dict(json.loads(request.policy)).profile_at(request.level) if request.policy else None
        trial = self.spec.trial
        return Facts(
            request.level,
            request.seed,
            request.max_lr,
            density(request.level, self.spec.pruning.rate),
            parent,
            out,
            profile or self.spec.profile.build(),
            trial.unit,
            trial.budget,
            self._bound(request),
        )

    def _bound(self, request: TrialRequest) -> Bound | None:
        rule, budget = request.stop, self.spec.trial.budget
        if rule is None:
            return None
        metric = self.spec.metric
        return Bound(rule.epoch, budget and budget - 1, metric.value(rule.below), metric.goal)

    def _function(self, name: str) -> Callable[[Facts, Path], _Told]:
        """Return what runs the user's function.

        Raises:
            InputError: there is no such function, or it is no training.
        """
        function = find_training(name)
        if function is None:
            raise InputError(
                f"{name!r} is no training of your own, which is a function of one trial; for a workload, leave "
                "engine out."
            )

        def call(facts: Facts, _folder: Path) -> _Told:
            trial, returned = Trial(facts), None
            with ExitStack() as around:
                around.enter_context(fenced(name))
                around.enter_context(threads(self.spec.resources.cpus_per_trial))
                around.enter_context(same_settings())
                around.enter_context(seeded_everywhere("own training", facts.seed, facts.level))
                around.enter_context(self._training(1))
                around.enter_context(suppress(Stop))
                returned = function(trial)
            return _Told(trial.points, returned)

        return call

    def _command(self, command: str) -> Callable[[Facts, Path], _Told]:
        """Return what runs the user's command. It raises `_CommandFailedError` if there is no result."""

        def start(facts: Facts, folder: Path) -> _Told:
            exchange = Exchange.within(folder)
            exchange.begin(facts)
            with self._training(1):
                ended = run(command, {VARIABLE: str(exchange.trial)} | self._threads(), folder / "output.txt")
            points = list(exchange.points())
            if up_to_stop(points, facts.bound)[1]:
                return _Told(points, None)
            returned = exchange.returned()
            if ended.code or returned is None:
                printed = f"The end of what it printed:\n{ended.output}" if ended.output else "It printed nothing."
                how = how_it_ended(ended.code) if ended.code else f"without a result; {_ADVICE}"
                raise _CommandFailedError(f"{printed}\nThe command {command!r} ended {how}.")
            return _Told(points, returned)

        return start

    def _threads(self) -> dict[str, str]:
        """Return the variable that says how many threads to compute with, unless the user has set it."""
        return {} if THREADS in os.environ else {THREADS: str(self.spec.resources.cpus_per_trial)}

    def _result(self, returned: Returned, facts: Facts, curve: tuple[Point, ...], seconds: float) -> TrialResult:
        """Return what is recorded of a training, all but the hash of what it left."""
        finite = math.isfinite(returned.val)
        test = returned.test if returned.test is not None and math.isfinite(returned.test) else None
        self._check(returned.val if finite else None, "The val that was returned")
        self._check(test, "The test that was returned")
        spent = returned.spent
        if spent is None:
            spent = float(curve[-1].step + 1 if curve else facts.budget or 0)
        return TrialResult(
            val=returned.val if finite else None,
            test=test,
            val_loss=curve[-1].val_loss if curve else None,
            test_loss=None,
            train_loss=curve[-1].train_loss if curve else None,
            diverged=not finite,
            density=facts.density,
            seconds=seconds,
            checkpoint="",
            rewind_point=None,
            epochs=_records(curve),
            spent=spent,
        )

    def _check(self, value: float | None, what: str) -> None:
        """Check that a value can be one of the study's metric; raise InputError otherwise."""
        metric = self.spec.metric
        low, high = metric.bounds
        if value is not None and not low <= metric.score(value) <= high:
            least = "a fraction from 0 to 1" if metric.name == "accuracy" else "0 or more"
            raise InputError(
                f"{what} should be the study's {metric.name}, which is {least}, but it is {value:g}; say what it is "
                "instead with a metric of the study's own."
            )


def _machine(spec: Spec) -> MachineRecord:
    """Return what is known of this machine; of a GPU that only the command's own PyTorch can use, nothing more is."""
    import torch

    on_gpu = spec.resources.gpus_per_trial > 0
    device = torch.device("cuda" if on_gpu and torch.cuda.is_available() else "cpu")
    found = this_machine(spec.resources.cpus_per_trial, device)
    return replace(found, device="cuda") if on_gpu else found


def _records(curve: Iterable[Point]) -> tuple[EpochRecord, ...]:
    return tuple(EpochRecord(point.step, point.train_loss, point.val_loss, point.val) for point in curve)


class _CommandFailedError(Exception):
    """A command that gave no result; the text says how it ended, in its last line."""
