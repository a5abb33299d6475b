"""One level as readers see it: its candidates and trials, and its winner once it is decided."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from oracle.results.silence import silence_of
from oracle.searching.candidates import floor
from oracle.searching.cells import CellMaker
from oracle.searching.filling import filled_in
from oracle.searching.given_up import given_up
from oracle.spec.metric import ACCURACY, MetricSpec
from oracle.study.checking import finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from oracle.results.intervals import Interval
    from oracle.results.silence import Silence
    from studies import LevelRecord, TrialRecord, TrialResult


@dataclass(frozen=True)
class TrialView:
    """One trial.

    `val` and `test` are in the metric's own units. They are None until `state` is "complete" (a trial that was stopped
    early has no result, only its `seconds`), and of a training that is not finite where the metric has no worst value;
    an accuracy is 0 then. `test` is also None if it is not known.
    """

    max_lr: float
    seed: int
    state: str  # "pending" | "complete" | "failed" | "stopped"
    val: float | None
    test: float | None
    diverged: bool | None
    seconds: float | None
    id: int = 0  # its row in the database


@dataclass(frozen=True)
class CandidateView:
    """One `max_lr` at one level, over the seeds that have finished."""

    max_lr: float
    val: float | None  # mean over seeds, in the metric's own units; None if there is none for one of them
    test: float | None  # the same
    diverged: int  # how many of the seeds diverged
    seeds: int  # how many seeds have finished


@dataclass(frozen=True)
class LevelView:
    """One pruning level.

    Attributes:
        winner: None until the level is decided, and where it is silent.
        edge: whether the winner is the smallest or the largest candidate.
        trials: by ascending `max_lr`, then by seed.
        candidates: by ascending `max_lr`. One that was stopped early on a seed is none of them: its mean over the other
            seeds would flatter it.
        intervals: by rule, in the order of `RULES`; None if a rule cannot judge the level.
        stand_in: where the level is silent, the candidate that the next level starts from; else None.
        silence: why a decided level says nothing about `max_lr`; None if it does, or is not decided.
        given_up: by `max_lr`, how far the candidates that were stopped early were behind the best of their seed by
            then, a difference of scores; see `oracle.searching.given_up`.
        answers: by candidate, which validation examples each network classified correctly, shape (seeds, examples),
            seeds ascending; None if that is not on record for all of them, or the level is not decided.
        metric: that the study is judged by.
    """

    level: int
    density: float
    winner: float | None
    edge: bool
    trials: tuple[TrialView, ...]
    candidates: tuple[CandidateView, ...]
    intervals: Mapping[str, Interval | None]
    stand_in: float | None = None
    silence: Silence | None = None
    given_up: Mapping[float, float] = field(default_factory=dict)
    answers: Mapping[float, NDArray[np.bool_]] | None = field(default=None, compare=False, repr=False)
    metric: MetricSpec = ACCURACY

    @property
    def chosen(self) -> float | None:
        """The candidate that the next level starts from: winner or stand-in; None until the level is decided."""
        return self.stand_in if self.winner is None else self.winner

    @property
    def winning(self) -> CandidateView | None:
        """The winning candidate with its means; None if there is no winner."""
        return next((c for c in self.candidates if c.max_lr == self.winner), None)

    @property
    def diverged(self) -> frozenset[float]:
        """The candidates that diverged on at least one seed."""
        return frozenset(candidate.max_lr for candidate in self.candidates if candidate.diverged)

    @property
    def scores(self) -> dict[float, list[float]]:
        """Validation scores by candidate, one for each seed, seeds ascending; see `filled_in`."""
        return self._filled[0]

    @property
    def test_scores(self) -> dict[float, list[float]]:
        """The same on the test data; empty if they are not known of all trainings that are finite."""
        if any(trial.val is not None and trial.test is None for trial in self.trials):
            return {}
        return filled_in(self._by_seed("test"), self.diverged, self.metric.bounds)[0]

    @property
    def trained(self) -> dict[float, tuple[bool, ...]]:
        """By candidate, on which of the seeds it was trained; empty if all were trained on all."""
        return self._filled[1]

    @property
    def stopped(self) -> int:
        """How many trials were stopped early."""
        return sum(trial.state == "stopped" for trial in self.trials)

    @cached_property
    def _filled(self) -> tuple[dict[float, list[float]], dict[float, tuple[bool, ...]]]:
        return filled_in(self._by_seed("val"), self.diverged, self.metric.bounds)

    def _by_seed(self, split: Literal["val", "test"]) -> dict[float, dict[int, float]]:
        """Return the scores of the candidates, by `max_lr` and seed."""
        known = {id(trial): trial.val if split == "val" else trial.test for trial in self.trials}
        scores = {key: None if value is None else self.metric.score(value) for key, value in known.items()}
        least = floor(scores.values())
        found: dict[float, dict[int, float]] = {candidate.max_lr: {} for candidate in self.candidates}
        for trial in self.trials:
            if trial.state == "complete" and trial.max_lr in found:
                score = scores[id(trial)]
                found[trial.max_lr][trial.seed] = least if score is None else score
        return found


def level_view(
    level: int,
    nominal_density: float,
    decided: LevelRecord | None,
    trials: Sequence[TrialRecord],
    metric: MetricSpec = ACCURACY,
) -> LevelView:
    """Return the view of a level.

    Args:
        level: its number.
        nominal_density: what its density should be.
        decided: its decision, if there is one.
        trials: the trials that count.
        metric: that the study is judged by.
    """
    results: dict[float, dict[int, TrialResult]] = defaultdict(dict)
    gone = {trial.max_lr for trial in trials if trial.stopped is not None}
    for trial in trials:
        if trial.result is not None and trial.max_lr not in gone:
            results[trial.max_lr][trial.seed] = trial.result.counted(metric.worst)
    ordered = sorted(trials, key=lambda trial: (trial.max_lr, trial.seed))
    silent = silence_of(decided.winner, trials, metric) if decided else None
    sound = decided if decided and not silent else None
    return LevelView(
        level=level,
        density=decided.density if decided else nominal_density,
        winner=sound.winner if sound else None,
        edge=sound.edge if sound else False,
        trials=tuple(_trial_view(trial, metric) for trial in ordered),
        candidates=tuple(_candidate_view(max_lr, list(results[max_lr].values())) for max_lr in sorted(results)),
        intervals={},
        stand_in=decided.winner if decided and silent else None,
        silence=silent,
        given_up=given_up(map(CellMaker(curves=True, metric=metric).recorded, trials)) if gone else {},
        metric=metric,
    )


def _trial_view(trial: TrialRecord, metric: MetricSpec) -> TrialView:
    result = trial.result.counted(metric.worst) if trial.result else None
    ended = result or trial.stopped
    return TrialView(
        max_lr=trial.max_lr,
        seed=trial.seed,
        state=trial.state,
        val=result.val if result else None,
        test=result.test if result else None,
        diverged=result.diverged if result else None,
        seconds=ended.seconds if ended else None,
        id=trial.id,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if len(known) == len(values) else None


def _candidate_view(max_lr: float, results: Sequence[TrialResult]) -> CandidateView:
    val, test = _mean([result.val for result in results]), _mean([result.test for result in results])
    finite(max_lr, val, test)
    return CandidateView(
        max_lr=max_lr,
        val=val,
        test=test,
        diverged=sum(result.diverged for result in results),
        seeds=len(results),
    )
