"""Sweeps whose trials are made up, not trained: their outcome is a function of what they were asked for."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
from fsspec.implementations.memory import MemoryFileSystem

from oracle.driver.events import Listener
from oracle.driver.oracle_run import OracleRun
from oracle.driver.schedule_runs import ScheduleRun
from oracle.execution.messages import Outcome, TrialRequest
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study
from oracle.testing.made_up_outcomes import MadeUp
from scyc import policy_to_dict
from scyc.answers import packed
from studies import AnswersRecord, SplitName, Store, TrialResult, claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random
    from typing import Any, Self

    from oracle.execution import TrialSource
    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec
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


class Laboratory(MadeUp):
    """A database, an artifact store and a worker that needs no time.

    Attributes:
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
        name: str = "s",
    ) -> None:
        self.spec = spec
        self.store = Store.open(url)
        study = open_study(self.store, name, spec, f"memory://{uuid4().hex}")
        self.artifacts = claim(self.store, study.artifacts)
        super().__init__(spec.pruning.rate, self.artifacts, optimum, growth, ceiling, set(fails), equal_weights)
        self.run: RunRecord = self.store.open_run(study.id, ORACLE)
        self.asked: list[Request] = []
        self.handed_out: list[TrialRequest] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()
        with suppress(FileNotFoundError):  # it searches all that it holds whenever it is asked for anything
            MemoryFileSystem().rm(self.artifacts.url, recursive=True)

    def sweep(self, listener: Listener | None = None, retries: int = 0) -> OracleRun:
        """A new driver, which knows only what the database holds."""
        return OracleRun(self.store, self.run, self.spec, self.artifacts, listener or Listener(), retries)

    def open_walk(self, policy: Policy, name: str = "schedule") -> RunRecord:
        """A run of a schedule."""
        return self.store.open_run(self.run.study_id, name, policy_to_dict(policy))

    def walk(self, run: RunRecord, seeds: Sequence[int] = (0, 7), retries: int = 0) -> ScheduleRun:
        """A new driver of a schedule's run."""
        return ScheduleRun(self.store, run, self.spec, seeds, Listener(), retries)

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


class Answering(Laboratory):
    """A laboratory whose trials have answers too, as many of them correct as their accuracies say.

    Attributes:
        without: seeds that have none.
    """

    EXAMPLES = 50
    without: frozenset[int] = frozenset()

    def answer(self, request: Request) -> Answer:
        """Make up an answer."""
        made_up = super().answer(request)
        if not isinstance(made_up, Outcome):
            return made_up
        result = made_up.result
        correct: dict[SplitName, int] = {
            "validation": round(self.EXAMPLES * (result.val or 0.0)),
            "test": round(self.EXAMPLES * (result.test or 0.0)),
        }
        answers = tuple(
            AnswersRecord(split, self.EXAMPLES, packed(np.arange(self.EXAMPLES) < number))
            for split, number in correct.items()
        )
        counted = replace(
            result,
            val=correct["validation"] / self.EXAMPLES,
            test=correct["test"] / self.EXAMPLES,
            answers=() if request.seed in self.without else answers,
        )
        return replace(made_up, result=counted)
