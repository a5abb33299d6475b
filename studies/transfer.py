"""Export and import: a whole study as plain values.

An import checks the values: by column and type here, and by the tables' own constraints.
"""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, Table, insert, inspect, select

from studies import metadata, schema
from studies.errors import StudyError, StudyExists
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection

    from studies.dialect import Dialect
    from studies.study_records import StudyRecord

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

_TABLES: dict[str, Table] = {  # parents first
    table.name.removeprefix(metadata.PREFIX): table
    for table in (
        schema.studies,
        schema.spec_history,
        schema.runs,
        schema.levels,
        schema.level_history,
        schema.trials,
        schema.epochs,
        schema.checkpoints,
        schema.gradients,
        schema.answers,
        schema.machines,
        schema.trial_machines,
        schema.measurements,
    )
}
_BELONGS_TO = {"study_id": "studies", "run_id": "runs", "trial_id": "trials"}


def columns() -> dict[str, dict[str, str]]:
    """Return the tables of a study with their columns and types.

    These are "int", "float", "bool", "text", "time", "json" or "bytes", which are a text in base64.
    """
    return {name: {column.name: _kind(column) for column in table.columns} for name, table in _TABLES.items()}


class Transfer(StorePart):
    """Studies in and out of one database. Every method is one transaction."""

    @persistent
    def dump_study(self, name: str) -> Tables:
        """Return a study as plain JSON values: the rows of each table, by column. Leases are left out.

        Raises:
            StudyNotFound: there is none of that name.
        """
        tables: Tables = {}
        with self._database.read() as connection:
            self._study(connection, name)  # type: ignore[attr-defined]
            there = inspect(connection).get_table_names()
            for table_name, table in _TABLES.items():
                if table.name not in there:  # in a former version's database, opened for reading
                    tables[table_name] = []
                    continue
                by_name = {column.name: column for column in self._database.columns(connection, table)}
                key = [by_name[column.name] for column in table.primary_key.columns]
                query = select(*by_name.values()).select_from(table).where(_of_study(table, name)).order_by(*key)
                found = connection.execute(query)
                tables[table_name] = [{key: _plain(value) for key, value in row.items()} for row in found.mappings()]
        return tables

    @persistent
    def load_study(
        self, tables: Mapping[str, Rows], name: str | None = None, artifacts: str | None = None
    ) -> StudyRecord:
        """Record a study that `dump_study` returned, with new row numbers.

        Args:
            tables: its rows.
            name: another name for it. Default: the name that it had.
            artifacts: where its weights are. Default: where they were.

        Raises:
            StudyExists: the name is taken.
            StudyError: the rows are not those of one study, or break a rule of the tables; nothing was written.
        """
        checked = {table_name: _checked(table_name, tables.get(table_name)) for table_name in _TABLES}
        if len(checked["studies"]) != 1:
            raise StudyError(
                f"An export holds one study, but this one has {len(checked['studies'])}; export the study again."
            )
        [study] = checked["studies"]
        study |= {
            "name": name or study["name"],
            "artifacts": self._database.stored(artifacts) if artifacts else study["artifacts"],
        }
        numbers: dict[str, dict[int, int]] = {}
        dialect = self._database.dialect
        query = select(schema.studies).where(schema.studies.c.name == study["name"])
        with self._database.write() as connection:
            if connection.execute(query).first() is not None:
                raise StudyExists(f"A study named {study['name']!r} is there already; import it under another name.")
            for table_name, found in checked.items():
                numbers[table_name] = _insert(connection, dialect, table_name, found, numbers)
            return self._record(connection.execute(query).one())  # type: ignore[attr-defined,no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _of_study(table: Table, name: str) -> ColumnElement[bool]:
    if table is schema.studies:
        return table.c.name == name
    study = select(schema.studies.c.id).where(schema.studies.c.name == name)
    if "study_id" in table.c:
        return table.c.study_id.in_(study)
    runs = select(schema.runs.c.id).where(schema.runs.c.study_id.in_(study))
    if "run_id" in table.c:
        return table.c.run_id.in_(runs)
    trials = select(schema.trials.c.id).where(schema.trials.c.run_id.in_(runs))
    if table is schema.machines:
        used = schema.trial_machines.c
        return table.c.hash.in_(select(used.machine).where(used.trial_id.in_(trials)))
    return table.c.trial_id.in_(trials)


def _insert(
    connection: Connection, dialect: Dialect, table_name: str, found: Rows, numbers: Mapping[str, Mapping[int, int]]
) -> dict[int, int]:
    """Insert rows under new numbers, and return the new number of each former one."""
    table, former = _TABLES[table_name], [row.get("id") for row in found]
    if not found:
        return {}
    for row in found:
        row.pop("id", None)
        for column, parent in _BELONGS_TO.items():
            if column in row:
                if row[column] not in numbers[parent]:
                    raise StudyError(
                        f"The export's {table_name} refer to {parent} that are missing; export the study again."
                    )
                row[column] = numbers[parent][row[column]]
    if table is schema.machines:  # studies share them
        columns = {name: [row[name] for row in found] for name in found[0]}
        dialect.insert_new(connection, table, columns, {})
        return {}
    if "id" not in table.c:
        connection.execute(insert(table), found)
        return {}
    returned = connection.scalars(insert(table).returning(table.c.id, sort_by_parameter_order=True), found)
    return dict(zip(former, returned, strict=True))  # type: ignore[arg-type]


def _checked(table_name: str, found: Sequence[Mapping[str, Any]] | None) -> Rows:
    """Return copies of the rows with Python's own values.

    Raises:
        StudyError: the table is missing, or a value is not valid in its column.
    """
    if found is None:
        raise StudyError(f"The export has no {table_name}; export the study again.")
    table = _TABLES[table_name]
    names = set(table.c.keys())
    checked: Rows = []
    for row in found:
        if set(row) != names:
            odd = ", ".join(sorted(set(row) ^ names))
            raise StudyError(
                f"The export's {table_name} have other columns than this version's ({odd}); upgrade the database "
                f"that it came from, then export the study again."
            )
        checked.append({column.name: _value(table_name, column, row[column.name]) for column in table.columns})
    return checked


def _kind(column: Column[Any]) -> str:
    if isinstance(column.type, metadata.UtcDateTime):
        return "time"
    kinds = {Boolean: "bool", Integer: "int", Float: "float", JSON: "json", LargeBinary: "bytes"}
    return next((kind for type_, kind in kinds.items() if isinstance(column.type, type_)), "text")


def _value(table_name: str, column: Column[Any], value: Any) -> Any:
    if value is None:
        if column.nullable:
            return None
    elif _kind(column) == "time":
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (TypeError, ValueError):
            pass
    elif _kind(column) == "bytes":
        try:
            return b64decode(value, validate=True)
        except (TypeError, ValueError):
            pass
    elif _kind(column) == "float":
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    elif _kind(column) == "json":
        if isinstance(value, dict | list):
            return value
    elif type(value) is {"int": int, "bool": bool, "text": str}[_kind(column)]:
        return value
    raise StudyError(
        f"The export's {table_name} have {value!r} as {column.name}, which is not valid; nothing was written."
    )
