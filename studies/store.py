"""The store: the one place where the records of studies are read and written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from studies import leases
from studies.browsing import Browsing
from studies.catalogue import Catalogue
from studies.changes import Changes
from studies.database import Database
from studies.decisions import Decisions
from studies.launches import Launches
from studies.leases import Leases
from studies.machines import Machines
from studies.measurements import Measurements
from studies.outcomes import Outcomes
from studies.places import Places
from studies.stopping import Stopping
from studies.store_part import persistent
from studies.transfer import Transfer
from studies.trials import Trials

if TYPE_CHECKING:
    from types import TracebackType

    from studies.study_records import Lease


class Store(
    Catalogue,
    Decisions,
    Trials,
    Outcomes,
    Measurements,
    Machines,
    Leases,
    Stopping,
    Launches,
    Transfer,
    Places,
    Changes,
    Browsing,
):
    """Everything in one database: studies, their runs and levels, trials and checkpoints.

    Every method is one transaction, and raises a StudyError where the database cannot be used or refuses a value that
    makes no sense (an accuracy above 1, a run that does not exist); nothing is written then. While a database server
    is away, for a restart for instance, methods try again for up to `studies.retrying.PATIENCE` seconds.
    """

    @classmethod
    def open(cls, url: str, create: bool = True, *, read_only: bool = False) -> Self:
        """Open a database; close it with `close`, or by leaving a `with` block.

        Args:
            url: an SQLAlchemy URL: "sqlite:///scyc.db", or "sqlite://" in memory, or
                "postgresql://user@host/database", with the password there, in $PGPASSWORD or in ~/.pgpass.
            create: make the database, or its tables, where they are not there yet.
            read_only: never write, take no lease, lock no row, create neither table nor file; methods that write raise
                a StudyError. This works for a PostgreSQL role that may only SELECT, on a standby server, and for an
                SQLite file and folder without permission to write; it does not wait for those who write.

        Raises:
            StudyError: it cannot be opened, or was made by an older or a newer version.
        """
        return cls(Database.open(url, create=create, read_only=read_only))

    def close(self) -> None:
        """Close every connection; on a fenced store this does nothing."""
        self._database.close()

    def fenced(self, lease: Lease) -> Self:
        """Return a store of the same database that checks the lease in every transaction that writes.

        It can be used for as long as this store is open.

        Raises:
            LeaseLost: by every method that writes, once the lease's token is no longer its study's newest; nothing is
                written then.
        """
        return type(self)(self._database.guarded(partial(leases.check, lease=lease)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """URL of the database, without password."""
        return self._database.name

    def __repr__(self) -> str:
        return f"Store({self._database.name})"

    @persistent
    def revision(self) -> str:
        """Return the revision of the database's schema."""
        return self._database.revision() or ""
