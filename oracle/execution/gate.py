"""The gate between a driver and its workers: closed, it lets no more trials through, and tells when none is between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.execution.messages import Request


class Gate:
    """Lets groups of requests through to workers until it is closed. Any thread may close it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._between: set[Request] = set()

    @property
    def closed(self) -> bool:
        """Whether nothing is let through any more."""
        return self._closed

    @property
    def quiet(self) -> bool:
        """Whether it is closed and every request that was let through has reached its worker: no more will start."""
        with self._lock:
            return self._closed and not self._between

    def close(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self._closed = True

    def let_through(self, deal: Callable[[], list[Request]]) -> list[Request]:
        """Return the requests that `deal` returns, which are on their way then; none once the gate is closed."""
        with self._lock:
            group = [] if self._closed else deal()
            self._between.update(group)
            return group

    def arrived(self, requests: Sequence[Request]) -> None:
        """Note that requests have reached a worker, or were lost on their way."""
        with self._lock:
            self._between.difference_update(requests)
