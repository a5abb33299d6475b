"""Asking drivers to stop. They look for it while they work, and say that they have seen it.

A driver that has seen it starts no more trials. One that does not answer can be cut off: its lease ends, and what it
still tries to write is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studies import locks
from studies.errors import LeaseLost
from studies.launches import withdraw
from studies.leases import change, check, row_of
from studies.store_part import StorePart, persistent

if TYPE_CHECKING:
    from studies.study_records import Lease, Wish


class Stopping(StorePart):
    """Requests to stop, for the drivers of one database. Every method is one transaction."""

    @persistent
    def ask_to_stop(self, study_id: int, wish: Wish) -> int | None:
        """Ask whoever drives a study to stop, and withdraw its launches that no driver has begun with.

        A driver that was asked to cancel is not asked to pause any more.

        Returns:
            The token of the driver's lease; None if nobody drives the study.

        Raises:
            StudyNotFound: there is no such study.
        """
        with self._database.write() as connection:
            name = locks.study(connection, study_id)
            now = self._database.clock(connection)
            withdraw(connection, name, now)
            row = row_of(connection, study_id)
            if row is None or row.holder is None or row.expires_at <= now:
                return None
            if row.stop not in (wish, "cancel"):
                change(connection, study_id, {"stop": wish, "stop_seen_at": None})
            return int(row.token)

    @persistent
    def stop_asked(self, lease: Lease) -> Wish | None:
        """Return how the holder of a lease was asked to stop; None if it was not.

        Raises:
            LeaseLost: the lease is lost, which is reason enough.
        """
        with self._database.read() as connection:
            row = row_of(connection, lease.study_id)
            if row is None or row.token != lease.token:
                raise LeaseLost(f"The lease of {lease.holder} is lost; nothing more is written.")
            wish: Wish | None = row.stop
            return wish

    @persistent
    def see_stop(self, lease: Lease) -> None:
        """Record that the holder of a lease has seen that it was asked to stop, and starts no more trials.

        Raises:
            LeaseLost: the lease is lost.
        """
        with self._database.write() as connection:
            check(connection, lease)
            change(connection, lease.study_id, {"stop_seen_at": self._database.clock(connection)})

    @persistent
    def stop_seen(self, study_id: int, token: int) -> Literal["no", "seen", "gone"]:
        """Return whether the holder of a lease has seen that it was asked to stop, or no longer holds it."""
        with self._database.read() as connection:
            row, now = row_of(connection, study_id), self._database.clock(connection)
            if row is None or row.token != token or row.holder is None or row.expires_at <= now:
                return "gone"
            return "no" if row.stop_seen_at is None else "seen"

    @persistent
    def end_lease(self, study_id: int, token: int) -> None:
        """Take a lease from a holder that does not answer: nothing that it still tries to write is recorded."""
        with self._database.write() as connection:
            locks.study(connection, study_id)
            row = row_of(connection, study_id)
            if row is not None and row.token == token:
                now = self._database.clock(connection)
                change(connection, study_id, {"token": token + 1, "holder": None, "expires_at": now})
