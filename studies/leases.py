"""One driver at a time: the driver of a study holds its lease, and renews it before it lapses.

Times are those of the database's clock, because drivers on several machines must agree on when a lease lapses: the
server's on PostgreSQL; on SQLite the clock of the machine that the file is on, which all its users share.

A driver that was frozen, or cut off, may wake up after its lease lapsed and another one took the study over. Its token
is then older than the study's newest one, and `check` stops it in the transaction in which it tries to write.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from studies import locks, row_mapping, schema
from studies.errors import LeaseLost, StudyBusy
from studies.store_part import StorePart, persistent
from studies.study_records import Lease, TenureRecord

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection, Row

_leases = schema.leases.c


class Leases(StorePart):
    """Leases on the studies of one database. Every method is one transaction."""

    @persistent
    def acquire_lease(self, study_id: int, holder: str, ttl: float, dead: int | None = None) -> Lease:
        """Take a study's lease; a lapsed lease is taken over with a higher token.

        Args:
            study_id: the study.
            holder: who takes it, in words that help to find the process: "host, process 4711".
            ttl: seconds until it lapses unless renewed; a third of it is a good interval between heartbeats.
            dead: token of a lease whose holder is known to be dead; it is taken over even before it lapses.

        Raises:
            StudyBusy: another driver holds it, even one of the same name.
            StudyNotFound: there is no such study.
            ValueError: `ttl` is not positive and finite.
        """
        lifetime = _lifetime(ttl)
        with self._database.write() as connection:
            now = self._database.clock(connection)
            row = check_free(connection, study_id, now, dead)
            values = {"holder": holder, "acquired_at": now, "heartbeat_at": now, "expires_at": now + lifetime}
            values |= {"stop": None, "stop_seen_at": None}
            token = 1 if row is None else row.token + 1
            if row is None:
                connection.execute(insert(schema.leases), {"study_id": study_id, "token": token, **values})
            else:
                change(connection, study_id, {"token": token, **values})
            return Lease(study_id, token, holder, now, now + lifetime)

    @persistent
    def renew_lease(self, lease: Lease, ttl: float) -> Lease:
        """Renew a lease, as a sign of life of its holder: it now lapses in `ttl` seconds.

        Raises:
            LeaseLost: another driver has taken it over, or it was given back.
            ValueError: `ttl` is not positive and finite.
        """
        lifetime = _lifetime(ttl)
        with self._database.write() as connection:
            check(connection, lease)
            now = self._database.clock(connection)
            change(connection, lease.study_id, {"heartbeat_at": now, "expires_at": now + lifetime})
            return Lease(lease.study_id, lease.token, lease.holder, lease.acquired_at, now + lifetime)

    @persistent
    def release_lease(self, lease: Lease) -> None:
        """Give a lease back, so that another driver need not wait; nothing happens if it is already lost."""
        with self._database.write() as connection:
            try:
                check(connection, lease)
            except LeaseLost:
                return
            now = self._database.clock(connection)
            # The token is used up: what the former holder still tries to write is refused.
            change(connection, lease.study_id, {"token": lease.token + 1, "holder": None, "expires_at": now})

    @persistent
    def tenure(self, study_id: int) -> TenureRecord | None:
        """Return who holds a study's lease, None if nobody does; one that has lapsed is still shown."""
        with self._database.read() as connection:
            there = select(*self._database.columns(connection, schema.leases)).select_from(schema.leases)
            row = connection.execute(there.where(_leases.study_id == study_id)).first()
            if row is None or row.holder is None:
                return None
            now = self._database.clock(connection)
            ago = [(now - then).total_seconds() for then in (row.acquired_at, row.heartbeat_at, row.expires_at)]
            return TenureRecord(row.holder, row.acquired_at, ago[0], ago[1], -ago[2], row.stop)


def check_free(connection: Connection, study_id: int, now: datetime, dead: int | None) -> Row[Any] | None:
    """Make sure that nobody holds a study's lease, until the transaction ends; return its row, None if it has none.

    Raises:
        StudyBusy: somebody does, and it is not the lease whose token is `dead`.
        StudyNotFound: there is no such study.
    """
    name, row = locks.study(connection, study_id), row_of(connection, study_id)
    if row is not None and row.holder is not None and row.expires_at > now and row.token != dead:
        raise StudyBusy(_busy(name, row, now), row.holder, row.token)
    return row


def check(connection: Connection, lease: Lease) -> None:
    """Make sure that a lease's token is its study's newest, until the transaction ends.

    Raises:
        LeaseLost: it is not.
    """
    query = (
        select(schema.studies.c.name, _leases.token, _leases.holder, _leases.acquired_at)
        .join_from(schema.studies, schema.leases)
        .where(_leases.study_id == lease.study_id)
        .with_for_update(key_share=True, of=schema.studies)
    )
    row = connection.execute(query).first()
    if row is None:
        raise LeaseLost(
            f"Study {lease.study_id}, which {lease.holder} was working on, was deleted; nothing was written."
        )
    if row.token != lease.token:
        how = f"{row.holder} took it over at {_time(row.acquired_at)}" if row.holder else "its lease was given back"
        raise LeaseLost(
            f"Study {row.name!r} is no longer worked on by {lease.holder}: {how}, so nothing was written; stop this "
            f"process, what it recorded before is safe."
        )


def row_of(connection: Connection, study_id: int) -> Row[Any] | None:
    """Return the row of a study's lease; None if nobody has ever held it."""
    return connection.execute(select(schema.leases).where(_leases.study_id == study_id)).first()


def change(connection: Connection, study_id: int, values: dict[str, Any]) -> None:
    """Change the row of a study's lease."""
    connection.execute(update(schema.leases).where(_leases.study_id == study_id).values(values))


def _lifetime(ttl: float) -> timedelta:
    if row_mapping.finite("The lifetime of a lease", ttl) <= 0:
        raise ValueError(f"The lifetime of a lease is {ttl} seconds; it must be positive.")
    return timedelta(seconds=float(ttl))


def _busy(name: str, row: Row[Any], now: datetime) -> str:
    silence = (now - row.heartbeat_at).total_seconds()
    left = (row.expires_at - now).total_seconds()
    return (
        f"Study {name!r} is being worked on by {row.holder} since {_time(row.acquired_at)} (last heartbeat "
        f"{silence:.0f} s ago); wait for it, stop it, or, if it is dead already, try again in {left:.0f} s."
    )


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
