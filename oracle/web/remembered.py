"""What takes long to work out is worked out once, however many ask, and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

WORKERS = 2
"""Threads that work: what they do takes a processor each."""

T = TypeVar("T")


class Remembered:
    """Results by key. The least recently used ones are forgotten; failures are forgotten at once.

    Args:
        most: how many are kept, >= 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._workers: ThreadPoolExecutor | None = None

    def get(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return the result under a key; work it out here if nobody has, or wait for whoever does."""
        future, mine = self._future(key)
        if mine:
            self._run(key, future, work)
        return future.result()  # type: ignore[no-any-return] # under a key there are results of one kind

    def soon(self, key: Hashable, work: Callable[[], T], patience: float) -> T | None:
        """Return the result under a key, worked out in a thread of its own; None if that takes longer than `patience`.

        Whoever asks again later gets it.

        Args:
            key: of the result.
            work: returns it.
            patience: in seconds.
        """
        future, mine = self._future(key)
        if mine:
            with self._lock:
                self._workers = self._workers or ThreadPoolExecutor(WORKERS, "remembered")
            self._workers.submit(self._run, key, future, work)
        try:
            return future.result(patience)  # type: ignore[no-any-return]
        except StillWorking:
            return None

    def _future(self, key: Hashable) -> tuple[Future[Any], bool]:
        """Return the future under a key, and whether it is new."""
        with self._lock:
            if (found := self._found.get(key)) is not None:
                self._found.move_to_end(key)
                return found, False
            future: Future[Any] = Future()
            self._found[key] = future
            while len(self._found) > self._most:
                self._found.popitem(last=False)
            return future, True

    def _run(self, key: Hashable, future: Future[Any], work: Callable[[], Any]) -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            with self._lock:
                if self._found.get(key) is future:
                    del self._found[key]
            future.set_exception(error)
