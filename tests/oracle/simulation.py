"""Sweeps whose trials are made up, not trained: their outcome is a function of what they were asked for."""

from __future__ import annotations

import json
import math
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

from oracle.listeners import Listener
from oracle.messages import Failure, MeasureRequest, Outcome, TrialRequest
from oracle.spec_file import parse_spec
from oracle.study import ORACLE, open_study
from oracle.sweep import Sweep
from oracle.walk import Walk
from scyc import density, policy_to_dict
from scyc.measuring import Measured
from studies import Artifacts, CheckpointKind, EpochRecord, NewCheckpoint, Store, TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Self

    from oracle.execution import TrialSource
    from oracle.messages import Answer, Request
    from oracle.spec import Spec
    from scyc import Policy
    from studies import RunRecord


def small_spec(**fields: Any) -> Spec:
    """Three levels, three candidates, two seeds, unless told otherwise."""
    small: dict[str, Any] = {
        "levels": 3,
        "seeds": [0, 7],
        "search": {"max_lr": {"values": [0.1, 0.2, 0.4]}, "widen": 2},
    }
    return parse_spec(small | fields, "test")


class Laboratory:
    """A database, an artifact store and a worker that needs no time.

    The optimum is at `optimum * growth^level`; above `ceiling` every trial diverges. What a trial leaves behind says
    where it came from, so that lineages can be told apart.

    Attributes:
        fails: trials (level, seed, max_lr) that raise.
        asked: every request, in order.
        handed_out: those of them that were trials.
    """

    def __init__(
        self,
        spec: Spec,
        optimum: float = 0.2,
        growth: float = 1.0,
        ceiling: float = math.inf,
        fails: Iterable[tuple[int, int, float]] = (),
        equal_weights: bool = False,
        url: str = "sqlite://",
    ) -> None:
        self.spec, self.optimum, self.growth, self.ceiling = spec, optimum, growth, ceiling
        self.fails, self.equal_weights = set(fails), equal_weights
        self.store = Store.open(url)
        study = open_study(self.store, "s", spec, f"memory://{uuid4().hex}")
        self.artifacts = Artifacts(study.artifacts)
        self.run: RunRecord = self.store.open_run(study.id, ORACLE)
        self.asked: list[Request] = []
        self.handed_out: list[TrialRequest] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def sweep(self, listener: Listener | None = None, retries: int = 0) -> Sweep:
        """A new driver, which knows only what the database holds."""
        return Sweep(self.store, self.run, self.spec, self.artifacts, listener or Listener(), retries)

    def open_walk(self, policy: Policy, name: str = "schedule") -> RunRecord:
        """A run of a schedule."""
        return self.store.open_run(self.run.study_id, name, policy_to_dict(policy))

    def walk(self, run: RunRecord, seeds: Sequence[int] = (0, 7), retries: int = 0) -> Walk:
        """A new driver of a schedule's run."""
        return Walk(self.store, run, self.spec, seeds, Listener(), retries)

    def work(
        self,
        source: TrialSource,
        most: int | None = None,
        at_once: int = 1,
        order: Random | None = None,
        together: int = 1,
    ) -> int:
        """Answer until the source is finished or `most` answers are recorded; return how many were.

        So many are under way `at_once`, at random moments as many as `together` are recorded together; what is under
        way in the end is lost.
        """
        under_way: list[Request] = []
        recorded = 0
        while recorded != most:
            while (free := at_once - len(under_way)) and (requests := source.next(free)):
                self.asked += requests
                self.handed_out += [request for request in requests if isinstance(request, TrialRequest)]
                under_way += requests
            if not under_way:
                return recorded
            number = min(order.randint(1, together) if order else together, len(under_way), (most or 10**9) - recorded)
            chosen = [under_way.pop(order.randrange(len(under_way)) if order else 0) for _ in range(number)]
            source.record([(request, self.answer(request)) for request in chosen])
            recorded += number
        return recorded

    def finish(self) -> Self:
        """Sweep to the end."""
        self.work(self.sweep())
        return self

    def answer(self, request: Request) -> Answer:
        """Make up an answer."""
        if isinstance(request, MeasureRequest):
            if (request.level, request.seed, 0.0) in self.fails:
                return Failure("Traceback ...\nRuntimeError: nothing to measure")
            return Measured(0.2 / (1 + request.level), 1.5)
        return self.train(request)

    def train(self, request: TrialRequest) -> Outcome | Failure:
        """Make up the outcome of a trial."""
        level, seed, max_lr = request.level, request.seed, request.max_lr
        if (level, seed, max_lr) in self.fails:
            return Failure("Traceback ...\nRuntimeError: the machine is on fire")
        diverged = max_lr > self.ceiling
        noise = Random(f"{level} {seed} {max_lr}").gauss(0, 0.002)
        loss = 0.05 * math.log(max_lr / (self.optimum * self.growth**level)) ** 2
        accuracy = 0.1 if diverged else 0.9 - loss + noise
        origin = [level, seed, request.parent] if self.equal_weights else [level, seed, request.parent, max_lr]
        saved = [self._save("trained", origin, request.parent)]
        if level == 0:
            saved.append(self._save("rewind", ["early", seed, max_lr], None))
        result = TrialResult(
            val_accuracy=accuracy,
            test_accuracy=accuracy - 0.01,
            val_loss=None if diverged else 0.5,
            test_loss=None if diverged else 0.6,
            train_loss=None if diverged else 0.4,
            diverged=diverged,
            density=density(level, self.spec.pruning.rate),
            seconds=1.5,
            checkpoint=saved[0].hash,
            rewind_point=saved[1].hash if level == 0 else None,
            epochs=tuple(EpochRecord(epoch, 1.0, 1.0, accuracy) for epoch in range(2)),
        )
        return Outcome(result, tuple(saved))

    def _save(self, kind: CheckpointKind, origin: list[Any], parent: str | None) -> NewCheckpoint:
        data = json.dumps(origin).encode()
        return NewCheckpoint(self.artifacts.put(data), kind, len(data), parent)

    def state(self) -> tuple[list[Any], list[Any]]:
        """What the database holds: decisions, and trials with their results, without ids and times."""
        levels = [(level.level, level.density, level.winner, level.edge) for level in self.store.levels(self.run.id)]
        trials = [
            (t.level, t.round, t.max_lr, t.seed, t.parent, t.state, t.result)
            for t in self.store.trials(self.run.id, curves=True)
        ]
        return levels, trials

    def winners(self) -> list[float]:
        """The winners of the decided levels."""
        return [level.winner for level in self.store.levels(self.run.id)]

    def left_by(self, level: int, max_lr: float, seed: int) -> TrialResult:
        """The result of one trial."""
        [trial] = [t for t in self.store.trials(self.run.id, level) if (t.max_lr, t.seed) == (max_lr, seed)]
        assert trial.result is not None
        return trial.result

    def needed(self) -> set[str]:
        """Hashes of what the winners left, rewind points included."""
        hashes = set()
        for level, winner in enumerate(self.winners()):
            for seed in self.spec.seeds:
                result = self.left_by(level, winner, seed)
                hashes |= {result.checkpoint} | ({result.rewind_point} if result.rewind_point else set())
        return hashes
