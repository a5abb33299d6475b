"""What the tables have in common: their names' prefix, the names of their constraints, and the type of their times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import DateTime, ForeignKey, MetaData, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

PREFIX = "scyc_"

FORMERLY = "formerly"
"""Key of a column's `info`: its name before revision 0009, by which it is read from an earlier version's database."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC also where the database knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert to UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def belongs_to(column: str) -> ForeignKey:
    """Return a reference to a row above; the row that refers to it is deleted with it."""
    return ForeignKey(column, ondelete="CASCADE")
