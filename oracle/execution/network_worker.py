"""A worker that trains networks of this program's, and those of the user's workloads, by this program's loop."""

from __future__ import annotations

import json
import time
import traceback
from contextlib import nullcontext, suppress
from dataclasses import asdict, replace
from functools import cache, cached_property, lru_cache, partial
from typing import TYPE_CHECKING

import torch

from oracle.execution.checkpoints import dump_checkpoint, dump_snapshot, load_checkpoint, load_snapshot
from oracle.execution.machine import this_machine, training_device, works
from oracle.execution.messages import Failure, MeasureRequest, Outcome, Stopped, TrialRequest
from oracle.execution.reached import columns_of, curve_of
from oracle.execution.sameness import check_same
from oracle.spec.model import AUTO
from scyc.answers import packed
from scyc.bench import fitting, free_memory
from scyc.engines import engine_for
from scyc.fence import fenced
from scyc.measuring import measure
from scyc.policies import policy_from_dict
from scyc.settings import same_settings
from scyc.threads import threads
from scyc.trial import Member, run_trials
from studies import AnswersRecord, CheckpointKind, GradientRecord, NewCheckpoint, TrialResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from torch import nn

    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
    from scyc.data import Dataset
    from scyc.engines import Engine
    from scyc.measured_schedules import Measured
    from scyc.policies import Policy
    from scyc.protocol import Checkpoint, Protocol
    from scyc.training.result import Snapshot
    from scyc.trial import Trial
    from studies import Artifacts


TOO_SMALL = (
    "The GPU's memory was too small for this trial twice ({}); give trials a larger resources.gpus_per_trial, or train "
    "with a smaller batch_size."
)


class NetworkWorker:
    """Trains trials of one study in this process: together if the study's engine can, otherwise one after another.

    Args:
        spec: spec of the study.
        artifacts: where parents come from and checkpoints go to.
        training: the context in which so many requests are trained, or measured; it is entered once networks are built.
    """

    def __init__(
        self,
        spec: Spec,
        artifacts: Artifacts,
        training: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:
        self.artifacts, self._training = artifacts, training
        self.threads = spec.resources.cpus_per_trial
        self.engine = "eager" if spec.engine == AUTO else spec.engine
        self.protocol, self._workload = spec.protocol(), spec.workload
        self._records_answers, self._metric = spec.records_answers, spec.metric.name
        self.device = training_device(spec)
        self._machine = this_machine(self.threads, self.device)
        self._share = min(1.0, spec.resources.gpus_per_trial)  # of a GPU; 0 on the CPU
        if 0 < self._share < 1:
            torch.cuda.set_per_process_memory_fraction(self._share)
        self._most: int | None = None  # trials that fit into the device's memory together
        self.data: Dataset = self.protocol.workload.load_data().to(self.device)
        self._checkpoint = lru_cache(maxsize=8)(lambda key: load_checkpoint(artifacts.get(key)))
        self._snapshot = lru_cache(maxsize=8)(lambda key: load_snapshot(artifacts.get(key)))

    def attempt(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests, in their order. An exception becomes a failure.

        An engine may train several trials together, in lock-step. If such a group raises, it is split until only the
        trial that raises fails.
        """
        answers: dict[int, Answer] = {}
        waiting, tried_twice = [[index] for index in range(len(requests))], set[int]()
        with suppress(Exception):  # if the network cannot be built, training says so
            waiting = list(self._groups(requests))
        while waiting:
            group = waiting.pop(0)
            try:
                answers |= zip(group, self.run([requests[index] for index in group]), strict=True)
                continue
            except torch.OutOfMemoryError as error:
                full, failure = True, TOO_SMALL.format(error)
            except KeyboardInterrupt:
                raise
            except BaseException:  # whatever a user's own code raises
                full, failure = False, traceback.format_exc()
            half = len(group) // 2
            if full:  # not before here: until its `except` ends, the error holds every tensor of the attempt
                free_memory(self.device)
                self._most = max(1, half)
            if half:
                waiting[:0] = [group[:half], group[half:]]
            elif full and group[0] not in tried_twice:
                tried_twice.add(group[0])
                waiting.insert(0, group)
            else:
                answers[group[0]] = Failure(failure)
        return [answers[index] for index in range(len(requests))]

    def usable(self) -> bool:
        """Whether the device still works."""
        return works(self.device)

    def run(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer requests together, with the spec's number of threads, and store the trials' weights.

        Args:
            requests: one request; or trials of one level and seed, no more than the engine can train together.
        """
        for trained_on in {request.trained_on for request in requests} - {""}:
            check_same(self._workload, trained_on)
        started = time.perf_counter()
        with fenced(self.protocol.workload.name), threads(self.threads), same_settings():
            trials = [request for request in requests if isinstance(request, TrialRequest)]
            if not trials:
                with self._training(len(requests)):
                    return [self._measure(request) for request in requests if isinstance(request, MeasureRequest)]
            members = [self._member(request) for request in trials]
            first = trials[0]
            trained = run_trials(
                members,
                self.data,
                seed=first.seed,
                level=first.level,
                engine=self._engine(members[0].protocol),
                training=partial(self._training, len(members)),
            )
        seconds = (time.perf_counter() - started) / len(trained)
        return [self._answer(request, trial, seconds) for request, trial in zip(trials, trained, strict=True)]

    def _groups(self, requests: Sequence[Request]) -> Iterator[list[int]]:
        """Yield the positions of requests that are done together."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for index, request in enumerate(requests):
            key: tuple[object, ...] = (index,)
            if isinstance(request, TrialRequest):
                key = (request.seed, request.level, id(self._engine(self._protocol(request))), "trials")
            alike.setdefault(key, []).append(index)
        for group in alike.values():
            most = self._fitting(requests[group[0]]) if len(group) > 1 else 1
            for start in range(0, len(group), most):
                yield group[start : start + most]

    def _fitting(self, request: Request) -> int:
        """Return how many trials can be trained together."""
        engine = self._engine(self._protocol(request))
        if engine.largest == 1:
            return 1
        if self._most is None:
            self._most = fitting(engine, self.protocol, self.data, self._share)
        return min(self._most, engine.largest)

    def _engine(self, protocol: Protocol) -> Engine:
        """Return the study's engine, or the reference if that engine cannot train this protocol."""
        return engine_for(self.engine, self._architecture, protocol.recipe, self.device)

    @cached_property
    def _architecture(self) -> nn.Module:
        return self.protocol.workload.build_model()

    def _member(self, request: TrialRequest) -> Member:
        stop = request.stop if request.stop is None or self._metric != "loss" else replace(request.stop, by="loss")
        return Member(self._protocol(request), request.max_lr, *self._start(request), stop)

    def _start(self, request: Request) -> tuple[Checkpoint | None, Snapshot | None]:
        return (
            self._checkpoint(request.parent) if request.parent else None,
            self._snapshot(request.rewind_point) if request.rewind_point else None,
        )

    def _measure(self, request: MeasureRequest) -> Measured:
        parent, rewind_point = self._start(request)
        return measure(
            request.kind,
            self._protocol(request),
            self.data,
            seed=request.seed,
            level=request.level,
            parent=parent,
            rewind_point=rewind_point,
        )

    def _protocol(self, request: Request) -> Protocol:
        """Return the study's protocol, changed where the request's policy differs."""
        if not request.policy:
            return self.protocol
        policy, protocol = _policy(request.policy), self.protocol
        profile, rewind = policy.profile_at(request.level), policy.rewind_at(request.level)
        return replace(
            protocol,
            recipe=replace(protocol.recipe, profile=profile or protocol.recipe.profile),
            pruning=replace(protocol.pruning, rewind=rewind or protocol.pruning.rewind),
        )

    def _answer(self, request: TrialRequest, trial: Trial, seconds: float) -> Outcome | Stopped:
        epochs = curve_of(trial.training, self._metric)
        if trial.training.stopped:
            return Stopped(epochs, seconds, self._machine)
        saved = [self._save("trained", dump_checkpoint(trial.checkpoint), request.parent)]
        if trial.rewind_point is not None:
            saved.append(self._save("rewind", dump_snapshot(trial.rewind_point), None))
        values = columns_of(trial.training, self._metric) | {
            "density": trial.checkpoint.masks.density,
            "seconds": seconds,
            "checkpoint": saved[0].hash,
            "rewind_point": saved[1].hash if len(saved) > 1 else None,
            "epochs": epochs,
            "gradients": tuple(GradientRecord(**asdict(gradient)) for gradient in trial.training.gradients),
            "answers": tuple(
                AnswersRecord(split, len(answers), packed(answers.numpy()))
                for split, answers in trial.training.answers.items()
                if self._records_answers(len(answers))
            ),
        }
        return Outcome(TrialResult(**values), tuple(saved), self._machine)

    def _save(self, kind: CheckpointKind, data: bytes, parent: str | None) -> NewCheckpoint:
        return NewCheckpoint(self.artifacts.put(data), kind, len(data), parent)


@cache
def _policy(text: str) -> Policy:
    return policy_from_dict(json.loads(text))
