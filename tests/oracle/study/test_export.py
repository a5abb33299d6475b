"""Studies as files: what goes out comes in again, and nothing else does."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest
from pyarrow import parquet

from oracle.results.plain import to_json
from oracle.results.study_view import view_study
from oracle.study.checking import broken_rule, check_export
from oracle.study.export import MANIFEST, Format, read_export, write_export
from oracle.study.writing import UNFINISHED
from oracle.testing.records import MACHINE
from scyc import InputError
from scyc.answers import packed
from studies import Store, StudyError, StudyExists, columns
from tests.oracle.disks import full_disk
from tests.oracle.simulation import Answering, Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from studies import Tables
    from tests.studies.server import Server


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    """A study with everything: an unlucky trial, a diverged one, a former spec and former decisions."""
    with Answering(small_spec(levels=2), optimum=0.28, ceiling=0.5) as lab:
        lab.machine = MACHINE
        lab.finish()
        lab.machine = None
        study = lab.store.study("s")
        lab.store.reopen_levels(lab.run.id, 1)
        lab.store.extend_study(study.id, {**study.spec, "levels": 3}, "f" * 64)
        lab.fails = {(2, 0, 0.1)}
        lab.spec = small_spec(levels=3)
        lab.work(lab.sweep())
        yield lab


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/other.db"
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("server")
        url = server.empty()
    with Store.open(url) as store:
        store.create_study("there already", {}, "h", "/a", {})  # so that row numbers differ
        yield store


@pytest.mark.parametrize("format_", get_args(Format))
def test_comes_back_as_it_went(format_: Format, lab: Laboratory, elsewhere: Store, tmp_path: Path) -> None:
    tables = lab.store.dump_study("s")
    files = write_export(tables, tmp_path / "export", format_)
    assert [file.suffix for file in files[1:]] == [f".{format_}"] * len(columns())
    elsewhere.load_study(read_export(tmp_path / "export"))
    returned = elsewhere.dump_study("s")
    numbers = {"id", "study_id", "run_id", "trial_id"}
    for name, rows in tables.items():
        plain = [{key: value for key, value in row.items() if key not in numbers} for row in rows]
        assert [{key: value for key, value in row.items() if key not in numbers} for row in returned[name]] == plain
    assert to_json(view_study(elsewhere, "s")) == to_json(view_study(lab.store, "s"))


@pytest.mark.parametrize(("format_", "encoding"), [("json", "utf-8-sig"), ("json", "utf-16"), ("csv", "utf-8-sig")])
def test_tables_that_an_editor_has_saved_again(format_: Format, encoding: str, lab: Laboratory, tmp_path: Path) -> None:
    tables = lab.store.dump_study("s")
    for file in write_export(tables, tmp_path / "export", format_):
        file.write_text(file.read_text(encoding="utf-8"), encoding=encoding, newline="\r\n")
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        other.load_study(read_export(tmp_path / "export"))
        assert to_json(view_study(other, "s")) == to_json(view_study(lab.store, "s"))


@pytest.mark.parametrize("format_", get_args(Format))
def test_an_earlier_export_has_neither_answers_nor_machines(format_: Format, lab: Laboratory, tmp_path: Path) -> None:
    tables = lab.store.dump_study("s")
    write_export(tables, tmp_path / "export", format_)
    (tmp_path / "export" / f"answers.{format_}").unlink()
    with pytest.raises(InputError, match=f"answers.{format_} cannot be read"):
        read_export(tmp_path / "export")
    for name in (later := ("answers", "machines", "trial_machines")):
        (tmp_path / "export" / f"{name}.{format_}").unlink(missing_ok=True)
    (tmp_path / "export" / MANIFEST).write_text(json.dumps({"scyc_export": 1, "format": format_}))
    assert read_export(tmp_path / "export") == tables | {name: [] for name in later}


@pytest.mark.parametrize("format_", get_args(Format))
def test_an_earlier_export_knows_only_accuracies(format_: Format, lab: Laboratory, tmp_path: Path) -> None:
    tables = lab.store.dump_study("s")
    write_export(tables, tmp_path / "export", format_)
    former = {
        "trials": {"val": "val_accuracy", "test": "test_accuracy"},
        "epochs": {"step": "epoch", "val": "val_accuracy"},
    }
    for name, names in former.items():
        path = tmp_path / "export" / f"{name}.{format_}"
        if format_ == "json":
            rows = [{names.get(key, key): value for key, value in row.items()} for row in tables[name]]
            path.write_text(json.dumps([{k: v for k, v in row.items() if k != "spent"} for row in rows]))
        elif format_ == "csv":
            header, _, rest = path.read_text(encoding="utf-8").partition("\n")
            for key, old in names.items():
                header = header.replace(f'"{key}"', f'"{old}"')
            path.write_text(f"{header}\n{rest}", encoding="utf-8")
        else:
            table = parquet.read_table(path)
            parquet.write_table(table.rename_columns([names.get(key, key) for key in table.column_names]), path)
    (tmp_path / "export" / MANIFEST).write_text(json.dumps({"scyc_export": 3, "format": format_}))
    assert read_export(tmp_path / "export") == tables


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("bits", "junk", "row 0 of answers"),
        ("bits", "ü", "row 0 of answers"),
        ("bits", b64encode(packed(np.zeros(60, dtype=bool))).decode(), "not the bits of 50 examples"),
        ("bits", b64encode(packed(np.zeros(50, dtype=bool))).decode(), "0 of the 50 test answers of trial 1 are corr"),
        ("examples", 48, "not the bits of 48 examples"),
        ("examples", 0, "row 0 of answers"),
        ("split", "train", "row 0 of answers"),
        ("split", "validation", "trial_id, split in answers should be distinct"),
        ("trial_id", 999, "answers refer to row 999 of trials, which is missing"),
    ],
)
def test_answers_must_be_what_the_accuracies_count(column: str, value: object, rule: str, lab: Laboratory) -> None:
    tables = {**lab.store.dump_study("s"), "spec_history": []}
    tables["studies"][0]["spec_hash"] = lab.spec.hash
    check_export(tables)
    tables["answers"][0][column] = value
    with pytest.raises(InputError, match=rule):
        check_export(tables)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda tables: tables["machines"][0].update(threads=64), "the hash of a machine"),
        (lambda tables: tables["machines"].clear(), "refer to a row of machines, which is missing"),
        (lambda tables: tables["machines"].append(tables["machines"][0]), "hash in machines should be distinct"),
    ],
)
def test_a_machine_that_is_not_what_it_says(change: Callable[[Tables], None], rule: str, lab: Laboratory) -> None:
    tables = lab.store.dump_study("s")
    tables["levels"], tables["spec_history"], tables["level_history"] = [], [], []
    tables["studies"][0] |= {"spec": lab.spec.to_dict(), "spec_hash": lab.spec.hash}
    assert broken_rule(tables) is None
    change(tables)
    assert rule in (broken_rule(tables) or "")


def test_an_imported_study_goes_on(lab: Laboratory, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        study = other.load_study(lab.store.dump_study("s"), name="again")
        run = other.open_run(study.id, "oracle")
        assert other.requeue_failed(run.id) == 1
        lab.fails = set()
        here, lab.store, former = lab.store, other, lab.run
        lab.run = run
        try:
            lab.finish()
            assert len(lab.winners()) == 3
        finally:
            lab.store, lab.run = here, former


def test_a_name_is_taken_once(lab: Laboratory, elsewhere: Store) -> None:
    tables = lab.store.dump_study("s")
    elsewhere.load_study(tables)
    with pytest.raises(StudyExists, match="another name"):
        elsewhere.load_study(tables)
    assert elsewhere.load_study(tables, name="t", artifacts="/elsewhere").artifacts == "/elsewhere"


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("trials", "density", 1.5, "refuses the values"),
        ("trials", "val", float("nan"), "nothing was written"),
        ("trials", "state", "won", "refuses the values"),
        ("trials", "seed", "0", "nothing was written"),
        ("trials", "run_id", 99, "refer to runs"),
        ("trials", "created_at", "yesterday", "nothing was written"),
        ("levels", "winner", None, "nothing was written"),
        ("studies", "spec", "[]", "nothing was written"),
    ],
)
def test_what_breaks_a_rule_is_refused_as_a_whole(
    table: str, column: str, value: object, reason: str, lab: Laboratory, elsewhere: Store
) -> None:
    tables = lab.store.dump_study("s")
    tables[table][-1][column] = value
    with pytest.raises(StudyError, match=reason):
        elsewhere.load_study(tables)
    assert [study.name for study in elsewhere.studies()] == ["there already"]


def test_missing_tables_and_columns_are_refused(lab: Laboratory, elsewhere: Store) -> None:
    tables = lab.store.dump_study("s")
    with pytest.raises(StudyError, match="has no epochs"):
        elsewhere.load_study({name: rows for name, rows in tables.items() if name != "epochs"})
    del tables["trials"][0]["round"]
    with pytest.raises(StudyError, match=r"other columns than this version's \(round\)"):
        elsewhere.load_study(tables)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(InputError, match="is not empty"):
        write_export({}, tmp_path, "json")


def test_what_is_no_export_is_refused(lab: Laboratory, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no export"):
        read_export(tmp_path)
    write_export(lab.store.dump_study("s"), tmp_path / "export", "parquet")
    (tmp_path / "export" / "trials.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match=r"trials\.parquet cannot be read"):
        read_export(tmp_path / "export")
    (tmp_path / "export" / MANIFEST).write_text(json.dumps({"scyc_export": 99, "format": "json"}))
    with pytest.raises(InputError, match="another version"):
        read_export(tmp_path / "export")


@pytest.mark.parametrize("format_", get_args(Format))
def test_an_export_that_does_not_fit_leaves_nothing_behind(format_: Format, lab: Laboratory, tmp_path: Path) -> None:
    tables = lab.store.dump_study("s")
    (tmp_path / "empty").mkdir()
    contents = sorted(tmp_path.rglob("*"))
    for folder in (tmp_path / "export", tmp_path / "empty"):
        with full_disk(100), pytest.raises(InputError, match=f"{folder.name} cannot be written .File too large"):
            write_export(tables, folder, format_)
        assert sorted(tmp_path.rglob("*")) == contents
        write_export(tables, folder, format_)
        assert read_export(folder).keys() == tables.keys()
        contents = sorted(tmp_path.rglob("*"))


def test_what_a_killed_export_left_is_in_nobodys_way(lab: Laboratory, tmp_path: Path) -> None:
    (tmp_path / UNFINISHED.replace("*", "abc")).mkdir()
    write_export(lab.store.dump_study("s"), tmp_path, "json")
    assert read_export(tmp_path)
