"""A field of a record is a column of its table: what is added to one has to be added to the other."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest

import studies
from oracle.testing.records import GRADIENTS, RESULT, new
from studies import (
    AnswersRecord,
    CheckpointRecord,
    EpochRecord,
    GradientRecord,
    LevelRecord,
    MeasurementRecord,
    NewCheckpoint,
    NewTrial,
    RunRecord,
    SpecRecord,
    StudyRecord,
    TrialRecord,
    TrialResult,
    migrations,
    row_mapping,
    schema,
)

if TYPE_CHECKING:
    from sqlalchemy import Table

OWN_TABLES = {"epochs", "gradients", "answers"}  # fields of a result


def named(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def test_every_column_of_a_trial_is_a_field() -> None:
    of_trial, of_result = named(TrialRecord) - {"result", "stopped"}, named(TrialResult) - OWN_TABLES
    assert of_trial | of_result == set(schema.trials.c.keys())
    assert not of_trial & of_result
    assert named(NewTrial) < of_trial


@pytest.mark.parametrize(
    ("kind", "table", "others"),
    [
        (StudyRecord, schema.studies, set()),
        (SpecRecord, schema.spec_history, {"id"}),
        (RunRecord, schema.runs, set()),
        (LevelRecord, schema.level_history, {"id"}),
        (EpochRecord, schema.epochs, {"trial_id"}),
        (GradientRecord, schema.gradients, {"trial_id"}),
        (AnswersRecord, schema.answers, {"trial_id"}),
        (NewCheckpoint, schema.checkpoints, {"trial_id"}),
        (CheckpointRecord, schema.checkpoints, set()),
        (MeasurementRecord, schema.measurements, {"run_id"}),
    ],
)
def test_every_column_of_another_table_is_a_field(kind: type, table: Table, others: set[str]) -> None:
    assert named(kind) | others == set(table.c.keys())
    assert not named(kind) & others


@pytest.mark.parametrize("kind", [StudyRecord, RunRecord])
def test_whole_rows_are_in_the_order_of_the_fields(kind: type) -> None:
    table = {StudyRecord: schema.studies, RunRecord: schema.runs}[kind]
    assert [field.name for field in fields(kind)] == table.c.keys()


def can_be_none(kind: type) -> set[str]:
    return {name for name, type_ in get_type_hints(kind).items() if type(None) in get_args(type_)}


@pytest.mark.parametrize(
    ("kind", "table"),
    [(EpochRecord, schema.epochs), (GradientRecord, schema.gradients), (NewCheckpoint, schema.checkpoints)],
)
def test_what_can_be_none_can_be_null(kind: type, table: Table) -> None:
    assert can_be_none(kind) == {column.name for column in table.c if column.nullable}


def test_what_a_result_must_have_a_complete_trial_must_have() -> None:
    assert named(TrialResult) - OWN_TABLES - can_be_none(TrialResult) == set(schema._MEASURED)


def test_numbers_become_pythons_own() -> None:
    numpy = pytest.importorskip("numpy")
    given = GradientRecord(
        "end", numpy.int64(3), numpy.float32(0.5), 1, None, tuple(numpy.array([0.0, 0.5])), tuple(numpy.array([1, 2]))
    )
    values = row_mapping.values_of(GradientRecord, given)
    expected = {"count": 3, "mean": 0.5, "std": 1.0, "kurtosis": None, "quantiles": [0.0, 0.5], "histogram": [1, 2]}
    assert values == {"point": "end", **expected}
    assert {name: type(value) for name, value in values.items()} == {
        "point": str,
        **{name: type(value) for name, value in expected.items()},
    }
    assert [type(number) for number in values["quantiles"] + values["histogram"]] == [float, float, int, int]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_named(number: float) -> None:
    for kind, record, name in (
        (TrialResult, RESULT, "val_loss"),
        (TrialResult, RESULT, "density"),
        (GradientRecord, GRADIENTS[0], "mean"),
        (NewTrial, new(), "max_lr"),
    ):
        values = {field.name: getattr(record, field.name) for field in fields(record)}
        with pytest.raises(ValueError, match=f"{name} is {number}; only finite numbers"):
            row_mapping.columns_of(kind, [record, kind(**{**values, name: number})])


MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9999", {newest!r}
def upgrade():
    op.add_column("scyc_trials", sa.Column("foo", sa.{column}()))
"""

WITH_FOO = """
import math
import studies
from studies import FinishedTrial, NewTrial, Store, TrialResult, migrations
assert migrations.revisions()[0] == "9999"
with Store.open("sqlite:///scyc.db") as store:
    run = store.open_run(store.create_study("s", {}, "h", "/a", {}).id, "oracle")
    trials = store.add_trials(run.id, [NewTrial(0, seed, 0.1, None, 0) for seed in range(3)])
    measured = {"val": 0.5, "test": 0.5, "val_loss": None, "test_loss": None, "train_loss": None}
    measured |= {"diverged": False, "density": 1.0, "seconds": 1.0, "checkpoint": "c", "rewind_point": None}
    results = [TrialResult(**measured, epochs=(), **foo) for foo in ({"foo": VALUE}, {}, {"foo": math.inf})]
    store.finish_trials([FinishedTrial(t.id, r) for t, r in zip(trials[:2], results, strict=False)])
    if isinstance(VALUE, float):
        try:
            store.finish_trials([FinishedTrial(trials[2].id, results[2])])
        except ValueError as error:
            print(error)
    print([trial.result and trial.result.foo for trial in store.trials(run.id)])
    copy = store.load_study(store.dump_study("s"), name="copy")
    print([trial.result and trial.result.foo for trial in store.trials(store.runs(copy.id)[0].id)])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("type_", "column", "value"),
    [("float", "Double", 0.25), ("int", "Integer", 17), ("bool", "Boolean", True), ("str", "Text", "seventeen")],
)
def test_a_new_column_of_a_trial_takes_three_files(type_: str, column: str, value: object, tmp_path: Path) -> None:
    package = shutil.copytree(Path(studies.__file__).parent, tmp_path / "studies")

    def add(file: str, after: str, line: str) -> None:
        text = (package / file).read_text(encoding="utf-8")
        assert text.count(after) == 1
        (package / file).write_text(text.replace(after, f"{after}{line}"), encoding="utf-8")

    add("records.py", "    gradients: tuple[GradientRecord, ...] = ()\n", f"    foo: {type_} | None = None\n")
    add("schema.py", '    Column("rewind_point", String(64)),\n', f'    Column("foo", {column}),\n')
    migration = MIGRATION.format(newest=migrations.revisions()[0], column=column)
    (package / "migrations" / "versions" / "9999_foo.py").write_text(migration, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-c", f"VALUE = {value!r}\n{WITH_FOO}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stderr == ""
    refused = ["foo is inf; only finite numbers are stored, and None for a loss that is not."] * (type_ == "float")
    assert said.stdout.splitlines() == [*refused, *[f"[{value!r}, None, None]"] * 2]
