"""Garbage collection: weights that a killed worker or driver left behind, and that no trial refers to."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from oracle.driver.lease import driving
from studies import StudyError, claim, retire

if TYPE_CHECKING:
    from collections.abc import Callable

    from studies import Store


def _silent(_sentence: str) -> None:
    """Say nothing."""


def collect(store: Store, *, dry_run: bool = False, warn: Callable[[str], None] = _silent) -> list[str]:
    """Delete the weights in a database's artifact stores that no trial refers to; return their hashes.

    Meanwhile the leases of all studies are held, so that no sweep loses weights that it is about to record. A store
    that belongs to another database is left alone. One that no study uses any more is emptied and given up.

    Args:
        store: the database.
        dry_run: delete nothing.
        warn: called with a sentence for each store that is left alone.

    Raises:
        StudyBusy: another driver holds the lease of a study.
    """
    orphans: set[str] = set()
    with ExitStack() as leases:
        places = list(store.artifact_stores().values())  # before the studies: a new one's may be empty still
        held = store.study_names()
        for number in held:
            leases.enter_context(driving(store, number))
        for place in sorted(places):
            users = store.users_of(place)
            if not set(users) <= set(held.values()):  # made meanwhile, by a driver that is at work
                continue
            try:
                artifacts = claim(store, place)
            except StudyError as error:
                if users:
                    warn(f"The weights of {', '.join(map(repr, users))} were left as they are. {error}")
                else:  # a place that was refused, or deleted by hand
                    store.forget_artifacts(place)
                continue
            found = sorted(set(artifacts.hashes()) - store.listed_in(artifacts.url) - artifacts.kept)
            orphans.update(found)
            if not dry_run:
                for digest in found:
                    artifacts.delete(digest)
                artifacts.delete_remains()
                retire(store, artifacts)
    return sorted(orphans)
