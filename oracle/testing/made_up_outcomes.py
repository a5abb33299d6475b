"""Answers that are made up, not trained. They are a function of the request, so that studies can be told apart."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from oracle.execution.messages import Failure, MeasureRequest, Outcome, Stopped
from scyc import density
from scyc.measured_schedules import Measured
from studies import EpochRecord, NewCheckpoint, TrialResult

if TYPE_CHECKING:
    from typing import Any

    from oracle.execution.messages import Answer, Request, TrialRequest
    from studies import Artifacts, CheckpointKind, MachineRecord


@dataclass(eq=False)
class MadeUp:
    """Makes up the outcomes of trials.

    The best `max_lr` of a level is `optimum * growth^level`. Accuracy falls off as the squared logarithm of the
    distance from it, with noise of 0.2 points. What a trial leaves as weights says where it came from, so that lineages
    can be told apart.

    Attributes:
        rate: pruning rate, in (0, 1).
        weights: store for a few bytes in place of weights; None makes up hashes only.
        ceiling: trials with a larger `max_lr` diverge, and are not finite.
        fails: trials (level, seed, `max_lr`) that fail; a `max_lr` of 0 stands for the level's measurement.
        equal_weights: whether trials of one lineage leave the same weights whatever their `max_lr`.
        epochs: number of epochs of every trial, >= 0.
        flat: levels at which nothing learns: every trial diverges, with finite numbers.
        machine: what machine they say has trained them.
    """

    rate: float
    weights: Artifacts | None = None
    optimum: float = 0.2
    growth: float = 1.0
    ceiling: float = math.inf
    fails: set[tuple[int, int, float]] = field(default_factory=set)
    equal_weights: bool = False
    epochs: int = 2
    flat: frozenset[int] = frozenset()
    machine: MachineRecord | None = None

    def answer(self, request: Request) -> Answer:
        """Make up an answer."""
        if isinstance(request, MeasureRequest):
            if (request.level, request.seed, 0.0) in self.fails:
                return Failure("Traceback ...\nRuntimeError: nothing to measure")
            return Measured(0.2 / (1 + request.level), 1.5)
        return self.train(request)

    def train(self, request: TrialRequest) -> Outcome | Stopped | Failure:
        """Make up the outcome of a trial, whose accuracy is the same after each of its epochs."""
        level, seed, max_lr = request.level, request.seed, request.max_lr
        if (level, seed, max_lr) in self.fails:
            return Failure("Traceback ...\nRuntimeError: the machine is on fire")
        diverged = max_lr > self.ceiling
        noise = Random(f"{level} {seed} {max_lr}").gauss(0, 0.002)
        loss = 0.05 * math.log(max_lr / (self.optimum * self.growth**level)) ** 2
        flat = level in self.flat
        accuracy = 0.0 if diverged else 0.1 if flat else 0.9 - loss + noise
        epochs = tuple(EpochRecord(epoch, 1.0, 1.0, accuracy) for epoch in range(self.epochs))
        if request.stop is not None and any(request.stop.stops(epoch.step, accuracy) for epoch in epochs[:-1]):
            return Stopped(epochs[: request.stop.epoch + 1], 0.5, self.machine)
        origin = [level, seed, request.parent] if self.equal_weights else [level, seed, request.parent, max_lr]
        saved = [self._save("trained", origin, request.parent)]
        if level == 0:
            saved.append(self._save("rewind", ["early", seed, max_lr], None))
        result = TrialResult(
            val=accuracy,
            test=max(0.0, accuracy - 0.01),
            val_loss=None if diverged else 0.5,
            test_loss=None if diverged else 0.6,
            train_loss=None if diverged else 2.4 if flat else 0.4,
            diverged=diverged or flat,
            density=density(level, self.rate),
            seconds=1.5,
            checkpoint=saved[0].hash,
            rewind_point=saved[1].hash if level == 0 else None,
            epochs=epochs,
        )
        return Outcome(result, tuple(saved), self.machine)

    def _save(self, kind: CheckpointKind, origin: list[Any], parent: str | None) -> NewCheckpoint:
        data = json.dumps(origin).encode()
        digest = self.weights.put(data) if self.weights is not None else hashlib.sha256(data).hexdigest()
        return NewCheckpoint(digest, kind, len(data), parent)
