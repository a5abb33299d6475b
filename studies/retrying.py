"""Trying again while the database is away, for a restart of its server for instance."""

from __future__ import annotations

import logging
from functools import wraps
from time import monotonic, sleep
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from studies.critical import interruptible
from studies.errors import StudyUnavailable, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 30.0  # seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0

_log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")


def persistent(transaction: Callable[_P, _T]) -> Callable[_P, _T]:
    """Repeat a function that is one transaction until it succeeds.

    That is safe: `Database.write` raises TryAgain only if nothing was written, also when the connection broke during
    the commit.
    """

    @wraps(transaction)
    def patiently(*args: _P.args, **keywords: _P.kwargs) -> _T:
        return persist(lambda: transaction(*args, **keywords))

    return patiently


def persist(action: Callable[[], _T]) -> _T:
    """Return what `action` returns; while it raises TryAgain, repeat it after growing pauses.

    Raises:
        StudyUnavailable: it still does after `PATIENCE` seconds.
    """
    deadline, pause = None, _FIRST_PAUSE
    while True:
        try:
            return action()
        except TryAgain as error:
            if deadline is None:
                deadline = monotonic() + PATIENCE
                _log.warning("%s Trying again for %.0f seconds.", error, PATIENCE)
            if monotonic() + pause > deadline:
                raise StudyUnavailable(
                    f"{str(error)[:-1]}; {PATIENCE:.0f} seconds of trying again did not help."
                ) from error
        with interruptible():
            sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
