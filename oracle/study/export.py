"""A study as files in a folder: one for each table, as JSON, CSV or Parquet."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from oracle.study.writing import UNFINISHED, writing
from scyc import InputError
from studies import columns

if TYPE_CHECKING:
    import pyarrow as pa

    from studies import Tables

Format = Literal["json", "csv", "parquet"]

MANIFEST = "export.json"
VERSION = 4
_SINCE = {"answers": 2, "machines": 2, "trial_machines": 2}
"""Tables that exports of earlier versions lack, with the first version that has them."""
_COLUMNS_SINCE = {
    ("trials", "stop_epoch"): 3,
    ("trials", "stop_below"): 3,
    ("trials", "spent"): 4,
    ("trial_machines", "started_at"): 4,
    ("trial_machines", "workers"): 4,
}
"""Columns that exports of earlier versions lack, which are empty there, by their tables."""
_COLUMNS_BEFORE = {
    "trials": {"val": "val_accuracy", "test": "test_accuracy"},
    "epochs": {"step": "epoch", "val": "val_accuracy"},
}
"""What columns were called before version 4, by their tables."""


def write_export(tables: Tables, folder: Path, format_: Format) -> list[Path]:
    """Write a study's tables into a new folder, and return the files.

    Times are ISO 8601 texts in UTC, and bytes are base64; a spec is JSON text in CSV and Parquet. The files are moved
    to their places once all are whole, the manifest last.

    Raises:
        InputError: the folder is not empty, or it cannot be written.
    """
    files = {f"{name}.{format_}": partial(_write, rows, columns()[name], format_) for name, rows in tables.items()}
    files[MANIFEST] = partial(_write_manifest, format_)
    with writing(folder):
        there = folder.exists()
        if there and not all(fnmatch(path.name, UNFINISHED) for path in folder.iterdir()):
            raise InputError(f"The folder {folder} is not empty; choose a new one.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        prefix, _, suffix = UNFINISHED.partition("*")
        with TemporaryDirectory(suffix, prefix, dir=folder if there else folder.parent) as fresh:
            for name, write in files.items():
                write(Path(fresh) / name)
            folder.mkdir(exist_ok=True)
            for name in files:
                (Path(fresh) / name).replace(folder / name)
    return [folder / name for name in sorted(files, key=MANIFEST.__ne__)]


def read_export(folder: Path) -> Tables:
    """Return the tables that `write_export` wrote; their values are checked when they are loaded.

    Raises:
        InputError: the folder holds no export, or one that cannot be read.
    """
    try:
        manifest = _json((folder / MANIFEST).read_bytes())
        version, format_ = manifest["scyc_export"], manifest["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{folder} holds no export: its {MANIFEST} cannot be read; give a folder that an export was written to."
        ) from error
    if version not in range(1, VERSION + 1) or format_ not in ("json", "csv", "parquet"):
        raise InputError(
            f"The export in {folder} was written by another version ({version}, {format_}); export the study again "
            "with this version."
        )
    tables: Tables = {}
    for name, kinds in columns().items():
        if version < _SINCE.get(name, 1):
            tables[name] = []
            continue
        path = folder / f"{name}.{format_}"
        try:
            lacking = {column for column in kinds if version < _COLUMNS_SINCE.get((name, column), 1)}
            before = _COLUMNS_BEFORE.get(name, {}) if version < 4 else {}
            there = {before.get(column, column): kind for column, kind in kinds.items() if column not in lacking}
            rows = _renamed(_read(path, there, format_), {old: new for new, old in before.items()})
            tables[name] = [row | dict.fromkeys(lacking) for row in rows]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:  # Arrow's are among these
            raise InputError(f"The table {path} cannot be read ({error}); export the study again.") from error
    return tables


def _renamed(rows: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    """Return rows with some columns under other names."""
    return [{names.get(column, column): value for column, value in row.items()} for row in rows] if names else rows


def _write_manifest(format_: Format, path: Path) -> None:
    path.write_text(json.dumps({"scyc_export": VERSION, "format": format_}), encoding="utf-8")


def _write(rows: list[dict[str, Any]], kinds: dict[str, str], format_: Format, path: Path) -> None:
    if format_ == "json":
        path.write_text(json.dumps(rows, allow_nan=False), encoding="utf-8")
        return
    import pyarrow as pa
    from pyarrow import csv, parquet

    as_json = [name for name, kind in kinds.items() if kind == "json"]
    flat = [row | {name: json.dumps(row[name]) for name in as_json} for row in rows]
    table = pa.Table.from_pylist(flat, schema=_schema(kinds))
    if format_ == "csv":
        csv.write_csv(table, path)
    else:
        parquet.write_table(table, path)


def _read(path: Path, kinds: dict[str, str], format_: Format) -> list[dict[str, Any]]:
    if format_ == "json":
        rows: list[dict[str, Any]] = _json(path.read_bytes())
        return rows
    from pyarrow import csv, parquet

    if format_ == "csv":
        convert = csv.ConvertOptions(
            column_types=_schema(kinds), strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        )
        parse = csv.ParseOptions(newlines_in_values=True)
        rows = csv.read_csv(path, parse_options=parse, convert_options=convert).to_pylist()
    else:
        rows = parquet.read_table(path).to_pylist()
    as_json = [name for name, kind in kinds.items() if kind == "json"]
    return [row | {name: _json(row[name]) for name in as_json} for row in rows]


def _json(text: str | bytes) -> Any:
    """Return the value of a JSON text; raise ValueError if it has NaN or infinity in it, which JSON does not know."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not a number of JSON")

    return json.loads(text, parse_constant=refuse)


def _schema(kinds: dict[str, str]) -> pa.Schema:
    import pyarrow as pa

    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    return pa.schema([(name, types.get(kind, pa.string())) for name, kind in kinds.items()])
