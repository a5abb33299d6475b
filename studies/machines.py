"""Which machines trained the trials of studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select

from studies import row_mapping, schema
from studies.machine import MachineRecord
from studies.records import StartRecord
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from sqlalchemy import Connection

_trials, _trained_by = schema.trials.c, schema.trial_machines.c
_machine = row_mapping.columns_for(MachineRecord, schema.machines)


class Machines(StorePart):
    """Machines of the trials of one database. Every method is one transaction."""

    @persistent
    def machines(self, study_id: int) -> dict[MachineRecord, int]:
        """Return the machines that trained a study's complete and stopped trials, and how many each.

        Trials of a version that did not record their machines are left out.
        """
        number = func.count().label("trials")
        of_study = _trials.run_id.in_(select(schema.runs.c.id).where(schema.runs.c.study_id == study_id))
        of_trials = select(_trained_by.machine, number).join(schema.trials).where(of_study)
        counted = of_trials.group_by(_trained_by.machine).subquery()
        query = select(counted.c.trials, *_machine).join(schema.machines, schema.machines.c.hash == counted.c.machine)
        with self._database.read() as connection:
            if not are_recorded(connection):
                return {}
            return {MachineRecord(*row[1:]): row.trials for row in connection.execute(query)}

    @persistent
    def trial_machines(self, run_id: int) -> dict[int, str]:
        """Return the hash of the machine that trained each trial of a run, by trial, where it is on record."""
        query = select(_trained_by.trial_id, _trained_by.machine).join(schema.trials).where(_trials.run_id == run_id)
        with self._database.read() as connection:
            return {row.trial_id: row.machine for row in connection.execute(query)} if are_recorded(connection) else {}

    @persistent
    def trial_starts(self, run_id: int) -> dict[int, StartRecord]:
        """Return when the training of each trial of a run began, by trial, where it is on record."""
        known = (_trials.run_id == run_id) & _trained_by.started_at.is_not(None)
        query = select(_trained_by.trial_id, _trained_by.started_at, _trained_by.workers).join(schema.trials)
        with self._database.read() as connection:
            if not has_starts(connection):
                return {}
            found = connection.execute(query.where(known))
            return {row.trial_id: StartRecord(row.started_at, row.workers) for row in found}


def has_starts(connection: Connection) -> bool:
    """Return whether starts can be on record: a former version's database has no column for them."""
    if not are_recorded(connection):
        return False
    there = inspect(connection).get_columns(schema.trial_machines.name)
    return any(column["name"] == "started_at" for column in there)


def are_recorded(connection: Connection) -> bool:
    """Return whether the tables are there: they are not in a former version's database, opened for reading."""
    return inspect(connection).has_table(schema.trial_machines.name)
