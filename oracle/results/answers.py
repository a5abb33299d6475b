"""Answers of the trials that count: which examples of a split each trained network classifies correctly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.study.checking import explained
from oracle.study.opening import ORACLE
from scyc.answers import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from oracle.results.level_view import LevelView
    from oracle.results.run_view import RunView
    from oracle.results.study_view import StudyView
    from studies import AnswersRecord, SplitName, Store


def level_answers(
    store: Store, view: StudyView, split: SplitName = "validation"
) -> dict[int, dict[float, NDArray[np.bool_] | None]]:
    """Return the answers of each candidate at each decided level, silent ones included, by level and `max_lr`.

    Args:
        store: the study's database.
        view: the study.
        split: the examples.

    Returns:
        Booleans of shape (seeds, examples), the seeds in the order of `LevelView.scores` (ascending), the examples
        in that of the split. None where a seed's are not on record: an earlier version trained it, or the spec records
        none of such a split.

    Raises:
        InputError: a record cannot be read; somebody has edited it.
    """
    with explained(store, view.name):
        recorded = recorded_answers(store, view, split)
        return {level.level: answers_of(level, recorded) for level in view.levels if level.chosen is not None}


def answers_of(level: LevelView, recorded: Mapping[int, AnswersRecord]) -> dict[float, NDArray[np.bool_] | None]:
    """Return the answers of each candidate of a level, by `max_lr`; see `level_answers`.

    Args:
        level: a decided level.
        recorded: answers on one split, by trial.

    Raises:
        ValueError: a record is not that of so many examples; somebody has edited it.
    """
    by_seed: dict[float, dict[int, AnswersRecord | None]] = {}
    there = level.scores
    for trial in level.trials:  # by ascending max_lr, then by seed
        if trial.val is not None and trial.max_lr in there:
            by_seed.setdefault(trial.max_lr, {})[trial.seed] = recorded.get(trial.id)
    return {max_lr: _together(list(records.values())) for max_lr, records in by_seed.items()}


def path_answers(store: Store, run: RunView, split: SplitName = "test") -> dict[int, NDArray[np.bool_]]:
    """Return the answers of a schedule's networks along the path of each seed, by seed.

    Returns:
        Booleans of shape (levels, examples). Seeds of which some answers are not on record are left out.

    Raises:
        ValueError: a record is not that of so many examples; somebody has edited it.
    """
    recorded = store.answers(next(iter(run.paths.values()))[0].run_id, split)
    found = {seed: _together([recorded.get(trial.id) for trial in path]) for seed, path in run.paths.items()}
    return {seed: answers for seed, answers in found.items() if answers is not None}


def recorded_answers(store: Store, view: StudyView, split: SplitName) -> dict[int, AnswersRecord]:
    """Return the records of the oracle's run, by trial."""
    run = store.find_run(store.study(view.name).id, ORACLE)
    return store.answers(run.id, split) if run else {}


def _together(records: Sequence[AnswersRecord | None]) -> NDArray[np.bool_] | None:
    """Return the answers of several trials, a row for each; None unless all have some, on as many examples."""
    there = [record for record in records if record is not None]
    if len(there) < len(records) or len({record.examples for record in there}) != 1:
        return None
    return unpacked([record.bits for record in there], there[0].examples)
