"""Between records and rows of the tables: a field of a record is the column of the same name.

How a value is stored follows from the type of its field. So a new column is written in three places: its record, the
schema, and a migration.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from studies import schema
from studies.errors import StudyError
from studies.machine import MachineRecord
from studies.records import (
    AnswersRecord,
    CheckpointKind,
    EpochRecord,
    GradientRecord,
    NewCheckpoint,
    NewTrial,
    SplitName,
    StoppedTraining,
    TrialRecord,
    TrialResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Row, Table

    from studies.records import CheckpointRecord, FinishedTrial, StoppedTrial

KEY = ("level", "seed", "max_lr", "parent", "spec_hash")
Columns = Mapping[str, Sequence[Any]]  # by name, all of equal length: an item for each row
TrialKey = tuple[int, int, float, str, str]  # parent is '' for none

_Conversion = Callable[[str, Sequence[Any]], Sequence[Any]]  # of a column's name and values


@contextmanager
def readable(database: str) -> Iterator[None]:
    """Put into a sentence what goes wrong with a value that is not of its column's type; SQLite keeps any.

    Raises:
        StudyError: there is such a value.
    """
    try:
        yield
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise StudyError(
            f"The database {database} holds a value that cannot be read ({error}); somebody may have edited its rows. "
            "Restore a backup, or delete the study that the value belongs to."
        ) from error


def finite(name: str, value: float) -> float:
    """Return `value` as a Python float.

    Raises:
        ValueError: it is NaN or infinite.
    """
    number = float(value)  # also for NumPy scalars, which SQLite would store as raw bytes
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; only finite numbers are stored, and None for a loss that is not.")
    return number


def plain_json(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return `value` if it is plain JSON.

    Raises:
        ValueError: it holds NaN, infinity or something that JSON cannot say.
    """
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not plain JSON: {error}.") from error
    return dict(value)


def plain_text(text: str) -> str:
    """Return a text without what some databases refuse (NUL, lone surrogates): a crash may print anything."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _floats(name: str, values: Sequence[float]) -> list[float]:
    numbers = [float(value) for value in values]
    return numbers if all(map(math.isfinite, numbers)) else [finite(name, number) for number in numbers]


def _unchanged(_name: str, values: Sequence[Any]) -> Sequence[Any]:
    return values


_CONVERSIONS: dict[Any, _Conversion] = {
    float: _floats,
    float | None: lambda name, values: [None if value is None else finite(name, value) for value in values],
    int: lambda _, values: list(map(int, values)),
    bool: lambda _, values: list(map(bool, values)),
    str: _unchanged,
    bytes: _unchanged,
    CheckpointKind: _unchanged,
    SplitName: _unchanged,
    tuple[float, ...]: lambda name, values: [_floats(name, value) for value in values],
    tuple[int, ...]: lambda _, values: [list(map(int, value)) for value in values],
}
_OWN_TABLES = (tuple[EpochRecord, ...], tuple[GradientRecord, ...], tuple[AnswersRecord, ...])


@cache
def _conversions(kind: type) -> dict[str, _Conversion]:
    """Return the conversion of each field to its column, by name, without the fields that have tables of their own."""
    return {name: _conversion(type_) for name, type_ in get_type_hints(kind).items() if type_ not in _OWN_TABLES}


def _conversion(type_: Any) -> _Conversion:
    """Return the conversion of values of a type, or of that type and None."""
    if type_ in _CONVERSIONS:
        return _CONVERSIONS[type_]
    [plain] = [one for one in get_args(type_) if one is not NoneType]
    convert = _CONVERSIONS[plain]
    return lambda name, values: [None if value is None else convert(name, [value])[0] for value in values]


def columns_of(kind: type, records: Sequence[Any]) -> Columns:
    """Return records of a kind, field by field, in types that every database takes.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return {
        name: convert(name, [getattr(record, name) for record in records])
        for name, convert in _conversions(kind).items()
    }


def values_of(kind: type, record: Any) -> dict[str, Any]:
    """Return one record as the values of a row; errors as above."""
    return {name: value for name, [value] in columns_of(kind, [record]).items()}


def columns_for(kind: type, table: Table) -> list[Column[Any]]:
    """Return the columns of a table that the fields of a record are read from, in their order."""
    return [table.c[field.name] for field in fields(kind) if field.name in table.c]


def trial_key(trial: NewTrial) -> TrialKey:
    """Return what identifies a trial within its run.

    Raises:
        ValueError: its `max_lr` is NaN or infinite.
    """
    return int(trial.level), int(trial.seed), finite("max_lr", trial.max_lr), trial.parent or "", trial.spec_hash


def trial_columns(trials: Sequence[NewTrial]) -> Columns:
    """Return trials to be added; errors as above."""
    columns = columns_of(NewTrial, trials)
    return {**columns, "parent": [parent or "" for parent in columns["parent"]]}


def result_columns(finished: Sequence[FinishedTrial]) -> Columns:
    """Return the ids of trials, and the columns that their results fill; errors as above."""
    results = [trial.result for trial in finished]
    return {"id": [int(trial.id) for trial in finished], **columns_of(TrialResult, results)}


def stopped_columns(stopped: Sequence[StoppedTrial]) -> Columns:
    """Return the ids of trials that were stopped, and the columns that this fills; errors as above."""
    return {
        "id": [int(trial.id) for trial in stopped],
        **columns_of(StoppedTraining, [trial.training for trial in stopped]),
    }


def machine_columns(finished: Sequence[FinishedTrial | StoppedTrial]) -> Columns:
    """Return the machines of trials, each once, in the order of their hashes, so that two writers never block."""
    machines = sorted({trial.machine for trial in finished if trial.machine}, key=lambda machine: machine.hash)
    return {"hash": [machine.hash for machine in machines], **columns_of(MachineRecord, machines)}


def trial_machine_columns(finished: Sequence[FinishedTrial | StoppedTrial]) -> Columns:
    """Return which machine trained which trial, and since when."""
    known = [(int(trial.id), trial.machine.hash, trial.start) for trial in finished if trial.machine]
    return {
        "trial_id": [trial_id for trial_id, _, _ in known],
        "machine": [machine for _, machine, _ in known],
        "started_at": [start and start.at for _, _, start in known],
        "workers": [start and start.workers for _, _, start in known],
    }


def epoch_columns(curves: Sequence[tuple[int, Sequence[EpochRecord]]]) -> Columns:
    """Return the learning curves of trials, given with their ids; errors as above."""
    return _below(EpochRecord, curves)


def gradient_columns(finished: Sequence[FinishedTrial]) -> Columns:
    """Return the gradients of trials; errors as above."""
    return _below(GradientRecord, [(trial.id, trial.result.gradients) for trial in finished])


def answers_columns(finished: Sequence[FinishedTrial]) -> Columns:
    """Return the answers of trials."""
    return _below(AnswersRecord, [(trial.id, trial.result.answers) for trial in finished])


def checkpoint_columns(trials: Sequence[tuple[int, Sequence[NewCheckpoint | CheckpointRecord]]]) -> Columns:
    """Return the checkpoints of trials."""
    return _below(NewCheckpoint, trials)


def _below(kind: type, by_trial: Sequence[tuple[int, Sequence[Any]]]) -> Columns:
    """Return the records of trials, with the ids of their trials."""
    ids = [int(trial_id) for trial_id, records in by_trial for _ in records]
    return {"trial_id": ids, **columns_of(kind, [record for _, records in by_trial for record in records])}


def _picked(kind: type, table: Table) -> tuple[list[str], Callable[[Row[Any]], tuple[Any, ...]]]:
    """Return the names of a record's fields, and a function that picks their values from a whole row of the table."""
    columns, positions = columns_for(kind, table), {column: i for i, column in enumerate(table.c)}
    return [column.name for column in columns], itemgetter(*(positions[column] for column in columns))


_trial_names, _of_trial = _picked(TrialRecord, schema.trials)
_result_names, _of_result = _picked(TrialResult, schema.trials)


def trial_record(row: Row[Any], epochs: Sequence[EpochRecord] = ()) -> TrialRecord:
    """Return a trial from a whole row of its table."""
    trial: dict[str, Any] = dict(zip(_trial_names, _of_trial(row), strict=True))
    trial["max_lr"] = float(trial["max_lr"])  # where SQLite returns what it just wrote, 1.0 is 1
    trial["parent"] = trial["parent"] or None
    if trial["stop_below"] is not None:
        trial["stop_below"] = float(trial["stop_below"])
    result = stopped = None
    if trial["state"] == "complete":
        measured: dict[str, Any] = dict(zip(_result_names, _of_result(row), strict=True))
        result = TrialResult(**measured, epochs=tuple(epochs))
    elif trial["state"] == "stopped":
        stopped = StoppedTraining(float(row.seconds), tuple(epochs))
    return TrialRecord(**trial, result=result, stopped=stopped)
