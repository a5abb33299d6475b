"""Garbage collection: weights that a killed worker or driver left behind, and that no trial refers to."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from oracle.driver.lease import driving
from studies import Artifacts

if TYPE_CHECKING:
    from studies import Store


def collect(store: Store, *, dry_run: bool = False) -> list[str]:
    """Delete the weights in the studies' artifact stores that no trial refers to; return their hashes.

    Meanwhile the leases of all studies are held, so that no sweep loses weights that it is about to record. An artifact
    store belongs to one database.

    Args:
        store: the database.
        dry_run: delete nothing.

    Raises:
        StudyBusy: another driver holds the lease of a study.
    """
    studies = store.studies()
    orphans: list[str] = []
    with ExitStack() as leases:
        for study in studies:
            leases.enter_context(driving(store, study))
        for url in sorted({study.artifacts for study in studies}):
            artifacts = Artifacts(url)
            listed = {
                checkpoint.hash
                for study in studies
                if study.artifacts == url
                for run in store.runs(study.id)
                for checkpoint in store.checkpoints(run.id)
            }
            found = sorted(set(artifacts.hashes()) - listed)
            orphans += found
            if not dry_run:
                for digest in found:
                    artifacts.delete(digest)
                artifacts.delete_remains()
    return orphans
