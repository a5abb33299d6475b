"""Stopping the driver of a study, wherever it runs: through the database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from oracle.driver.lease import has_died
from studies import Store

if TYPE_CHECKING:
    from studies import Wish

PATIENCE = 10.0
"""Seconds that a driver has to say that it has seen a wish to pause, or to end once it was cancelled."""

_GLANCE = 0.1


def pause(name: str, db: str, patience: float = PATIENCE) -> None:
    """Let no more trials of a study start: none does once this returns. Those under way are finished and recorded.

    A trial starts when its driver hands it to a worker. Launches that no driver has begun with are withdrawn. A driver
    that does not answer loses its lease, so that nothing of what it still does counts.

    Args:
        name: name of the study.
        db: URL of its database.
        patience: seconds that the driver has for an answer.

    Raises:
        StudyError: there is no such study, or its database cannot be used.
    """
    _stop(name, db, "pause", ("seen", "gone"), patience)


def cancel(name: str, db: str, patience: float = PATIENCE) -> None:
    """Stop the driver of a study at once: nothing more is recorded once this returns. The study can be resumed.

    Trials under way are lost, and are trained again then. Launches that no driver has begun with are withdrawn.

    Args:
        name: name of the study.
        db: URL of its database.
        patience: seconds that the driver has to end by itself. Then it loses its lease.

    Raises:
        StudyError: there is no such study, or its database cannot be used.
    """
    _stop(name, db, "cancel", ("gone",), patience)


def _stop(name: str, db: str, wish: Wish, answers: tuple[str, ...], patience: float) -> None:
    with Store.open(db, create=False) as store:
        withdrawn, study = store.withdraw_launches(name), store.find_study(name)
        if study is None:
            if not withdrawn:
                store.study(name)  # raises
            return  # the driver that was to make the study does not begin
        token, tenure = store.ask_to_stop(study, wish), store.tenure(study)
        if token is None:
            return
        dead = tenure is not None and has_died(tenure.holder)
        if dead or not _seen(store, study, token, patience, answers):
            store.end_lease(study, token)


def _seen(store: Store, study: int, token: int, patience: float, answers: tuple[str, ...]) -> bool:
    """Wait for one of the answers; return whether it came in time."""
    given_up = time.monotonic() + patience
    while store.stop_seen(study, token) not in answers:
        if time.monotonic() >= given_up:
            return False
        time.sleep(_GLANCE)
    return True
