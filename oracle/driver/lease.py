"""The right to drive a study: a lease in the database, renewed while this process lives."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import re
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from studies import LeaseLost, StudyBusy, StudyError, StudyUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oracle.driver.stopping import StopSignal
    from studies import Lease, Store, StudyRecord

LIFETIME = 30.0
"""Seconds after which the lease of a silent driver lapses."""

LOOK = 1.0
"""Seconds after which a driver looks again whether it was asked to stop."""

T = TypeVar("T")

UNKNOWN = "unknown"
"""Where process numbers count, if that cannot be found out: then nobody is believed to be dead."""


@contextmanager
def driving(
    store: Store, study: StudyRecord | int, lifetime: float | None = None, stop: StopSignal | None = None
) -> Iterator[Store]:
    """Hold the study's lease within the block, and yield a store that refuses to write once the lease is lost.

    If its holder was a process of this machine and has died, the lease is taken over at once; otherwise when it lapses.

    Args:
        store: the database.
        study: the study, or its number.
        lifetime: seconds after which the lease of a silent driver lapses. Default: `LIFETIME`.
        stop: is told when somebody asks the driver to stop. Default: what it does is too short to be stopped.

    Raises:
        StudyBusy: another driver holds the lease; the message says who, and since when.
    """
    lifetime = LIFETIME if lifetime is None else lifetime
    number = study if isinstance(study, int) else study.id
    lease = past_the_dead(lambda dead: store.acquire_lease(number, _holder(), lifetime, dead))
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(store, lease, lifetime, ended, stop), name="heartbeat", daemon=True)
    heart.start()
    away = False
    try:
        yield store.fenced(lease)
    except StudyUnavailable:
        away = True
        raise
    finally:
        ended.set()
        heart.join(0 if away else None)  # it, too, may be waiting for the database
        with suppress(StudyError):  # then the lease lapses by itself
            store.release_lease(lease)


def past_the_dead(attempt: Callable[[int | None], T]) -> T:
    """Return what an attempt on a study returns; if the study's driver has died, it is made again.

    Args:
        attempt: takes the token of the lease of a driver that is known to be dead; None at first.

    Raises:
        StudyBusy: a driver is working on the study.
    """
    try:
        return attempt(None)
    except StudyBusy as busy:
        if not has_died(busy.holder):
            raise
        return attempt(busy.token)


def _beat(store: Store, lease: Lease, lifetime: float, ended: threading.Event, stop: StopSignal | None) -> None:
    due, told = time.monotonic() + lifetime / 3, None
    while not ended.wait(lifetime / 3 if stop is None else min(LOOK, lifetime / 3)):
        try:
            if stop is not None and (wish := store.stop_asked(lease)) is not None and wish != told:
                stop.ask(wish)
                if stop.gate.quiet:  # otherwise a trial is on its way to its worker
                    store.see_stop(lease)
                    told = wish
            if time.monotonic() >= due:
                lease = store.renew_lease(lease, lifetime)
                due = time.monotonic() + lifetime / 3
        except LeaseLost:
            if stop is not None:
                stop.ask("pause")  # what is under way may end, and the next write will fail and say why
            return
        except StudyError:
            continue  # the database does not answer, but may do so again in time


def _holder() -> str:
    return f"{_user()}@{platform.node()} (process {os.getpid()} in {_numbering()})"


def _user() -> str:
    """Return the user's name; their number where the system knows no name, as in many a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "somebody"


def _numbering() -> str:
    """Return what the numbers of processes mean here: they are unique within a boot of a machine and a PID namespace.

    Containers and virtual machines may have the same host name, and each numbers its processes by itself.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return UNKNOWN
    return hashlib.sha256(b"%s %d" % (boot, namespace)).hexdigest()[:8]


def has_died(holder: str) -> bool:
    """Return whether a holder was a process of this machine that is gone. If its number is in use again, it is not."""
    found = re.fullmatch(r".*@(.*) \(process (\d+) in (\w+)\)", holder)
    if found is None or found[1] != platform.node() or found[3] != _numbering() or found[3] == UNKNOWN:
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
