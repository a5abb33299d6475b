"""Lineage: the path from winner to winner, and which of a level's trials lie on it.

An extension can change a level's winner. Trials of later levels that started from the former winner's weights stay in
the database as history; only trials that started from the current winner's weights count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from oracle.spec.model import Spec
    from studies import LevelRecord, TrialRecord


class Step(NamedTuple):
    """A decided level on the path from winner to winner.

    Attributes:
        level: the decision.
        trials: the trials of the level that count.
        left: by seed, the checkpoints that the winner left, which are the parents of the next level's trials.
    """

    level: LevelRecord
    trials: list[TrialRecord]
    left: dict[int, str]


def walk(
    decided: Iterable[LevelRecord], spec: Spec, trials_of: Callable[[LevelRecord], Iterable[TrialRecord]]
) -> Iterator[Step]:
    """Follow the winners of the decided levels.

    Args:
        decided: the levels, ascending from 0, as `Store.levels` returns them.
        spec: spec of the study as it is now.
        trials_of: returns the trials of a level, at least its winner's.
    """
    parents: dict[int, str] = {}
    for level in decided:
        counted = current(trials_of(level), spec, parents)
        parents = checkpoints(counted, level.winner)
        yield Step(level, counted, parents)


def left_by_last(steps: Iterable[Step]) -> dict[int, str]:
    """Return the parents of the current level: what the last winner left, or nothing if no level is decided."""
    return [{}, *(step.left for step in steps)][-1]


def current(trials: Iterable[TrialRecord], spec: Spec, parents: Mapping[int, str]) -> list[TrialRecord]:
    """Return the trials of one level that count.

    Args:
        trials: trials of that level.
        spec: spec of the study as it is now.
        parents: by seed, the checkpoints that the previous level's winner left; empty at level 0.
    """
    seeds, spec_hash = set(spec.seeds), spec.trial_hash
    return [
        trial
        for trial in trials
        if trial.seed in seeds and trial.parent == parents.get(trial.seed) and trial.spec_hash in ("", spec_hash)
    ]


def checkpoints(trials: Iterable[TrialRecord], winner: float) -> dict[int, str]:
    """Return, by seed, the hash of the weights that the winner left, given the trials that count."""
    return {t.seed: t.result.checkpoint for t in trials if t.max_lr == winner and t.result is not None}


def rewind_points(trials: Iterable[TrialRecord], winner: float) -> dict[int, str]:
    """Return, by seed, the hash of the rewind point that the winner of level 0 left."""
    return {
        t.seed: t.result.rewind_point
        for t in trials
        if t.max_lr == winner and t.result is not None and t.result.rewind_point is not None
    }
