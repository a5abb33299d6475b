"""Answers of the trials that count: which examples of a split each trained network classifies correctly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from oracle.results.study_view import to_json
from oracle.study.checking import explained
from oracle.study.opening import ORACLE
from scyc.answers import as_text, unpacked
from studies import SplitName

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from oracle.results.run_view import RunView
    from oracle.results.study_view import StudyView
    from studies import AnswersRecord, Store


def level_answers(
    store: Store, view: StudyView, split: SplitName = "validation"
) -> dict[int, dict[float, NDArray[np.bool_] | None]]:
    """Return the answers of each candidate at each decided level, silent ones included, by level and `max_lr`.

    Args:
        store: the study's database.
        view: the study.
        split: the examples.

    Returns:
        Booleans of shape (seeds, examples), the seeds in the order of `LevelView.accuracies` (ascending), the examples
        in that of the split. None where a seed's are not on record: an earlier version trained it, or the spec records
        none of such a split.

    Raises:
        InputError: a record cannot be read; somebody has edited it.
    """
    found: dict[int, dict[float, NDArray[np.bool_] | None]] = {}
    with explained(store, view.name):
        recorded = _recorded(store, view, split)
        for level in view.levels:
            if level.chosen is not None:
                by_seed: dict[float, dict[int, AnswersRecord | None]] = {}
                for trial in level.trials:  # by ascending max_lr, then by seed
                    if trial.val_accuracy is not None:
                        by_seed.setdefault(trial.max_lr, {})[trial.seed] = recorded.get(trial.id)
                found[level.level] = {max_lr: _together(list(records.values())) for max_lr, records in by_seed.items()}
    return found


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


def json_with_answers(store: Store, view: StudyView) -> dict[str, Any]:
    """Return what `scyc show --json --answers` prints.

    It is `to_json(view)`, and each trial has one more key, `answers`: by split, where they are on record, a text of 1
    (classified correctly) and 0, one character for each example.

    Raises:
        InputError: as above.
    """
    found: dict[int, dict[str, str]] = {}
    with explained(store, view.name):
        for split in get_args(SplitName):
            for trial, record in _recorded(store, view, split).items():
                found.setdefault(trial, {})[split] = as_text(record.bits, record.examples)
    shown = to_json(view)
    for level in shown["levels"]:
        level["trials"] = [trial | {"answers": found.get(trial["id"], {})} for trial in level["trials"]]
    return shown


def _recorded(store: Store, view: StudyView, split: SplitName) -> dict[int, AnswersRecord]:
    run = store.find_run(store.study(view.name).id, ORACLE)
    return store.answers(run.id, split) if run else {}


def _together(records: Sequence[AnswersRecord | None]) -> NDArray[np.bool_] | None:
    """Return the answers of several trials, a row for each; None unless all have some, on as many examples."""
    there = [record for record in records if record is not None]
    if len(there) < len(records) or len({record.examples for record in there}) != 1:
        return None
    return unpacked([record.bits for record in there], there[0].examples)
