"""Launches: somebody asks for a driver that is to start elsewhere, and what becomes of that.

A launch is recorded before anything is started, so that none that was accepted is forgotten, whatever is killed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import delete, insert, inspect, select, update

from studies import leases, row_mapping, schema
from studies.errors import LaunchWaiting, LaunchWithdrawn, StudyExists, StudyNotFound
from studies.store_part import StorePart, persistent
from studies.study_records import LaunchRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Literal

    from sqlalchemy import ColumnElement, Connection

NEW = "sweep"
"""The action that makes a study."""

_launches = schema.launches.c
_NEWEST = (_launches.created_at.desc(), _launches.id)


class Launches(StorePart):
    """Launches in one database. Every method is one transaction."""

    @persistent
    def add_launch(self, study: str, action: str, request: Mapping[str, Any], dead: int | None = None) -> LaunchRecord:
        """Record a launch, as accepted.

        Args:
            study: name of the study, which need not be there yet.
            action: what the driver is to do; "sweep" is for a study that is not there yet.
            request: with what; it must hold no password.
            dead: token of the study's lease, if its holder is known to be dead.

        Raises:
            LaunchWaiting: there is one of the same study that no driver has begun with.
            StudyBusy: a driver holds the study's lease.
            StudyExists: the study is there already, and the action is "sweep".
            ValueError: `request` is not plain JSON, or holds NaN or infinity.
        """
        plain = row_mapping.plain_json("The request", request)
        with self._database.write() as connection:
            now = self._database.clock(connection)
            number = connection.scalar(select(schema.studies.c.id).where(schema.studies.c.name == study))
            if number is not None and action == NEW:
                raise StudyExists(f"There is a study named {study!r} already; resume it, or choose another name.")
            if number is not None:
                leases.check_free(connection, number, now, dead)
            query = select(_launches.id).where((_launches.study == study) & (_launches.state == "accepted"))
            if (waiting := connection.scalar(query)) is not None:
                raise LaunchWaiting(
                    f"The study {study!r} has a launch that no driver has begun with ({waiting}); resume it, or "
                    "withdraw it by pausing the study.",
                    waiting,
                )
            launch = LaunchRecord(uuid4().hex, study, action, plain, "accepted", None, None, now, None, None)
            connection.execute(insert(schema.launches), asdict(launch))
            return launch

    @persistent
    def launch(self, launch_id: str) -> LaunchRecord:
        """Return a launch.

        Raises:
            StudyNotFound: there is none of that number.
        """
        with self._database.read() as connection:
            return _launch(connection, launch_id)

    @persistent
    def launches(self, study: str | None = None, most: int = 100) -> list[LaunchRecord]:
        """Return launches, newest first.

        Args:
            study: name of a study, for its own alone.
            most: how many to return at most.
        """
        query = select(schema.launches).order_by(*_NEWEST).limit(most)
        if study is not None:
            query = query.where(_launches.study == study)
        with self._database.read() as connection:
            if not inspect(connection).has_table(schema.launches.name):  # a former version's database
                return []
            return [LaunchRecord(*row) for row in connection.execute(query)]

    @persistent
    def begin_launch(self, launch_id: str, study_id: int) -> int:
        """Record that a launch's driver holds the study's lease, and return the token of that lease.

        Call it on that driver's fenced store.

        Raises:
            LaunchWithdrawn: the launch was withdrawn, or another driver has begun with it.
            LeaseLost: the lease is lost.
        """
        with self._database.write() as connection:
            lease = leases.row_of(connection, study_id)
            launch = _launch(connection, launch_id, lock=True)
            if launch.state != "accepted":
                raise LaunchWithdrawn(
                    f"The launch {launch_id} of {launch.study!r} is {launch.state}, so nothing was trained for it."
                )
            token = int(lease.token) if lease else 0
            values = {"state": "driving", "token": token, "began_at": self._database.clock(connection)}
            connection.execute(update(schema.launches).where(_launches.id == launch_id).values(values))
            return token

    @persistent
    def end_launch(
        self, launch_id: str, token: int, state: Literal["ended", "stopped"], message: str | None = None
    ) -> None:
        """Record how a launch ended; nothing happens unless its driver had the lease of that token."""
        its_own = (_launches.id == launch_id) & (_launches.state == "driving") & (_launches.token == token)
        self._end_launches(its_own, state, message)

    @persistent
    def refuse_launch(self, launch_id: str, message: str) -> None:
        """Record why no driver can begin with a launch; nothing happens if one has begun."""
        self._end_launches((_launches.id == launch_id) & (_launches.state == "accepted"), "refused", message)

    @persistent
    def withdraw_launches(self, study: str) -> int:
        """Withdraw the launches of a study, by its name, that no driver has begun with; return how many."""
        with self._database.write() as connection:
            return withdraw(connection, study, self._database.clock(connection))

    def _end_launches(self, which: ColumnElement[bool], state: str, message: str | None) -> None:
        with self._database.write() as connection:
            values = {"state": state, "message": message, "ended_at": self._database.clock(connection)}
            connection.execute(update(schema.launches).where(which).values(values))


def withdraw(connection: Connection, study: str, now: datetime) -> int:
    """Withdraw the launches of a study that no driver has begun with; return how many."""
    waiting = (_launches.study == study) & (_launches.state == "accepted")
    query = update(schema.launches).where(waiting).values(state="withdrawn", ended_at=now)
    return connection.execute(query).rowcount


def forget(connection: Connection, study: str) -> None:
    """Delete the launches of a study."""
    connection.execute(delete(schema.launches).where(_launches.study == study))


def _launch(connection: Connection, launch_id: str, *, lock: bool = False) -> LaunchRecord:
    query = select(schema.launches).where(_launches.id == launch_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise StudyNotFound(f"There is no launch {launch_id} in the database; its study may have been deleted.")
    return LaunchRecord(*row)
