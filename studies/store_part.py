"""What the parts of the store have in common: the database that their methods work on, and patience with it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from studies.retrying import persist

if TYPE_CHECKING:
    from collections.abc import Callable

    from studies.database import Database

_P = ParamSpec("_P")
_S = TypeVar("_S", bound="StorePart")
_T = TypeVar("_T")


class StorePart:
    """Methods on one database; `persistent` makes each try again while the server restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database


def persistent(transaction: Callable[Concatenate[_S, _P], _T]) -> Callable[Concatenate[_S, _P], _T]:
    """Repeat a method of a store that is one transaction until it succeeds.

    That is safe: `Database.write` raises TryAgain only if nothing was written, also when the connection broke during
    the commit.
    """

    @wraps(transaction)
    def patiently(store: _S, /, *args: _P.args, **keywords: _P.kwargs) -> _T:
        return persist(lambda: transaction(store, *args, **keywords), store._database.patience)

    return patiently
