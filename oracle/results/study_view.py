"""A study as readers see it: the levels with their winners, intervals and trials.

Everything that is shown (`scyc show`, the report) comes from one `StudyView`, which comes from the database.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from oracle.results.answers import answers_of
from oracle.results.best import study_best
from oracle.results.cost import cost_of
from oracle.results.intervals import RULES, TOLERANCE, DecidedLevel, Rule
from oracle.results.silence import silence_of
from oracle.results.status import study_status
from oracle.study import lineage
from oracle.study.checking import explained, finite
from oracle.study.commands import DATABASE
from oracle.study.opening import ORACLE, study_spec
from scyc import density

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from oracle.results.best import StudyBest
    from oracle.results.cost import Cost
    from oracle.results.intervals import Interval
    from oracle.results.silence import Silence
    from oracle.results.status import State, StudyStatus
    from oracle.spec.model import Spec
    from studies import LevelRecord, RunRecord, Store, TrialRecord, TrialResult


@dataclass(frozen=True)
class TrialView:
    """One trial.

    Accuracies are fractions, 0 if the training is not finite, and None until `state` is "complete": a trial that was
    stopped early has no result, only its `seconds`.
    """

    max_lr: float
    seed: int
    state: str  # "pending" | "complete" | "failed" | "stopped"
    val_accuracy: float | None
    test_accuracy: float | None
    diverged: bool | None
    seconds: float | None
    id: int = 0  # its row in the database


@dataclass(frozen=True)
class CandidateView:
    """One `max_lr` at one level, over the seeds that have finished."""

    max_lr: float
    val_accuracy: float  # mean over seeds
    test_accuracy: float  # mean over seeds
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
        answers: by candidate, which validation examples each network classified correctly, shape (seeds, examples),
            seeds ascending; None if that is not on record for all of them, or the level is not decided.
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
    answers: Mapping[float, NDArray[np.bool_]] | None = field(default=None, compare=False, repr=False)

    @property
    def chosen(self) -> float | None:
        """The candidate that the next level starts from: winner or stand-in; None until the level is decided."""
        return self.stand_in if self.winner is None else self.winner

    @property
    def winning(self) -> CandidateView | None:
        """The winning candidate with its mean accuracies; None if there is no winner."""
        return next((c for c in self.candidates if c.max_lr == self.winner), None)

    @property
    def diverged(self) -> frozenset[float]:
        """The candidates that diverged on at least one seed."""
        return frozenset(candidate.max_lr for candidate in self.candidates if candidate.diverged)

    @property
    def accuracies(self) -> dict[float, list[float]]:
        """Validation accuracies by candidate, one for each seed that has finished, seeds ascending."""
        there = {candidate.max_lr for candidate in self.candidates}
        finished = {(t.max_lr, t.seed): t.val_accuracy for t in self.trials if t.val_accuracy is not None}
        found: dict[float, list[float]] = defaultdict(list)
        for (max_lr, _), accuracy in sorted(finished.items()):
            if max_lr in there:
                found[max_lr].append(accuracy)
        return dict(found)

    @property
    def stopped(self) -> int:
        """How many trials were stopped early."""
        return sum(trial.state == "stopped" for trial in self.trials)


@dataclass(frozen=True)
class StudyView:
    """A whole study.

    Attributes:
        provenance: {"versions": {package: version}, "hardware": {...}, "commit": str | None, "started": ISO 8601,
            "data": what they hold, in a line}.
        database: URL of the database, without password.
    """

    name: str
    status: StudyStatus
    spec: Spec
    levels: tuple[LevelView, ...]
    cost: Cost
    provenance: Mapping[str, Any]
    database: str = DATABASE

    @property
    def state(self) -> State:
        """What the study is doing."""
        return self.status.state

    @cached_property
    def best(self) -> StudyBest:
        """The best `max_lr` of each level by the surface. Nothing is fitted until this is asked for."""
        return study_best(decided_levels(self.levels))


def view_study(store: Store, name: str) -> StudyView:
    """Return the study `name` as it is in the database now.

    Raises:
        StudyNotFound: there is no study of that name.
        InputError: its spec cannot be read, or its rows contradict each other.
    """
    with explained(store, name):
        return _view(store, name)


def _view(store: Store, name: str) -> StudyView:
    status, study = study_status(store, name), store.study(name)
    spec = study_spec(study)
    run = store.find_run(study.id, ORACLE)  # None if a driver died right after it created the study
    decided = store.levels(run.id) if run else []
    trials: dict[int, list[TrialRecord]] = defaultdict(list)
    for trial in store.trials(run.id) if run else ():
        trials[trial.level].append(trial)
    steps = list(lineage.walk(decided, spec, lambda level: trials[level.level]))
    levels = [_level_view(step.level.level, step.level.density, step.level, step.trials) for step in steps]
    under_way = len(decided)
    counted = lineage.current(trials[under_way], spec, lineage.left_by_last(steps))
    if counted and under_way < spec.levels:
        levels.append(_level_view(under_way, density(under_way, spec.pruning.rate), None, counted))
    return StudyView(
        name=study.name,
        status=status,
        spec=spec,
        levels=_with_intervals(_with_answers(store, run, levels)),
        cost=cost_of(
            [trial for group in trials.values() for trial in group],
            epochs=store.epochs_trained(run.id) if run else 0,
            wall_seconds=run.wall_seconds if run else 0.0,
        ),
        provenance=study.provenance,
        database=store.url,
    )


def decided_levels(levels: Sequence[LevelView]) -> list[DecidedLevel]:
    """Return those of a study's levels that have a winner, as rules and the surface see them."""
    return [
        DecidedLevel(
            level.level, level.density, level.winner, level.accuracies, diverged=level.diverged, answers=level.answers
        )
        for level in levels
        if level.winner is not None
    ]


def oracle_intervals(
    levels: Sequence[LevelView], rule: Rule, tolerance: float = TOLERANCE
) -> dict[int, Interval | None]:
    """Return, by level, the intervals of a study's levels by one rule.

    None if the rule cannot judge the level, or the level has no winner.
    """
    decided = decided_levels(levels)
    judged = zip(decided, rule.intervals(decided, tolerance), strict=True)
    return dict.fromkeys(level.level for level in levels) | {level.level: interval for level, interval in judged}


def _level_view(
    level: int, nominal_density: float, decided: LevelRecord | None, trials: Sequence[TrialRecord]
) -> LevelView:
    results: dict[float, dict[int, TrialResult]] = defaultdict(dict)
    given_up = {trial.max_lr for trial in trials if trial.stopped is not None}
    for trial in trials:
        if trial.result is not None and trial.max_lr not in given_up:
            results[trial.max_lr][trial.seed] = trial.result.counted
    ordered = sorted(trials, key=lambda trial: (trial.max_lr, trial.seed))
    silent = silence_of(decided.winner, trials) if decided else None
    sound = decided if decided and not silent else None
    return LevelView(
        level=level,
        density=decided.density if decided else nominal_density,
        winner=sound.winner if sound else None,
        edge=sound.edge if sound else False,
        trials=tuple(_trial_view(trial) for trial in ordered),
        candidates=tuple(_candidate_view(max_lr, list(results[max_lr].values())) for max_lr in sorted(results)),
        intervals={},
        stand_in=decided.winner if decided and silent else None,
        silence=silent,
    )


def _with_answers(store: Store, run: RunRecord | None, levels: Sequence[LevelView]) -> list[LevelView]:
    recorded = store.answers(run.id, "validation") if run else {}
    found = []
    for level in levels:
        answers = answers_of(level, recorded) if recorded and level.chosen is not None else {}
        whole = {max_lr: each for max_lr, each in answers.items() if each is not None}
        found.append(replace(level, answers=whole) if whole and len(whole) == len(answers) else level)
    return found


def _with_intervals(levels: Sequence[LevelView]) -> tuple[LevelView, ...]:
    by_rule = {name: oracle_intervals(levels, rule) for name, rule in RULES.items()}
    return tuple(
        replace(level, intervals={name: found[level.level] for name, found in by_rule.items()}) for level in levels
    )


def _trial_view(trial: TrialRecord) -> TrialView:
    result = trial.result.counted if trial.result else None
    ended = result or trial.stopped
    return TrialView(
        max_lr=trial.max_lr,
        seed=trial.seed,
        state=trial.state,
        val_accuracy=result.val_accuracy if result else None,
        test_accuracy=result.test_accuracy if result else None,
        diverged=result.diverged if result else None,
        seconds=ended.seconds if ended else None,
        id=trial.id,
    )


def _candidate_view(max_lr: float, results: Sequence[TrialResult]) -> CandidateView:
    val_accuracy = math.fsum(result.val_accuracy for result in results) / len(results)
    test_accuracy = math.fsum(result.test_accuracy for result in results) / len(results)
    finite(max_lr, val_accuracy, test_accuracy)
    return CandidateView(
        max_lr=max_lr,
        val_accuracy=val_accuracy,
        test_accuracy=test_accuracy,
        diverged=sum(result.diverged for result in results),
        seeds=len(results),
    )
