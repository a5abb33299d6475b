"""Work that is not interrupted halfway: a transaction that is left open locks the database until it times out.

Python runs signal handlers between two steps of the main thread. A handler that is about to raise asks first whether
that thread is in such work, and if so tries again a little later. Every thread counts for itself.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Depth(threading.local):
    value = 0


_depth = _Depth()


@contextmanager
def uninterruptible() -> Iterator[None]:
    """Ask signal handlers not to raise within the block; it may stand within another one."""
    _depth.value += 1
    try:
        yield
    finally:
        _depth.value -= 1


@contextmanager
def interruptible() -> Iterator[None]:
    """Let signal handlers raise within the block, although it may stand within an uninterruptible one."""
    outside, _depth.value = _depth.value, 0
    try:
        yield
    finally:
        _depth.value = outside


def in_critical_section() -> bool:
    """Return whether this thread is in an uninterruptible block."""
    return _depth.value > 0
