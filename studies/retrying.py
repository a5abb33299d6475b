"""Trying again while the database is away, for a restart of its server for instance."""

from __future__ import annotations

import logging
import threading
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from studies.critical import interruptible
from studies.errors import StudyUnavailable, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 30.0  # seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Patience(threading.local):
    """How patient a thread is with one database: for `PATIENCE` seconds, and then no more until it has answered.

    So a driver whose database is away for good ends once they are over, and not after as many again for everything that
    it does last. Another thread may have become patient later, and is so for its own time.
    """

    is_over = False


def persist(action: Callable[[], _T], patience: Patience) -> _T:
    """Return what `action` returns; while it raises TryAgain, repeat it after growing pauses.

    Raises:
        StudyUnavailable: it still does after `PATIENCE` seconds, or at once where these are over already.
    """
    deadline, pause = None, _FIRST_PAUSE
    while True:
        try:
            result = action()
        except TryAgain as error:
            if deadline is None:
                deadline = monotonic() + (0 if patience.is_over else PATIENCE)
                if not patience.is_over:
                    _log.warning("%s Trying again for %.0f seconds.", error, PATIENCE)
            if monotonic() + pause > deadline:
                patience.is_over = True
                raise StudyUnavailable(
                    f"{str(error)[:-1]}; {PATIENCE:.0f} seconds of trying again did not help."
                ) from error
        else:
            patience.is_over = False
            return result
        with interruptible():
            sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
