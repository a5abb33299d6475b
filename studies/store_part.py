"""What the parts of the store have in common: the database that their methods work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.database import Database


class StorePart:
    """Methods on one database; `studies.retrying.persistent` makes each try again while the server restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database
