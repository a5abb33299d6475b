"""What is new in a study, for all pages that show it: one watcher looks, however many pages are open.

A watcher begins with the first page and ends with the last. It feels the database's pulse five times a second, which is
cheap, and looks when that has changed: once a second at most, or less often where looking takes long, so that it takes
no more than a small share of a processor from a sweep. A page that is slow gets the newest state when it is ready for
it; nothing is kept for it in between.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from studies import StudyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator

EVERY = 1.0
"""Seconds from one look to the next, at least."""

PULSE = 0.2
"""Seconds from one feeling of the pulse to the next."""

LONGEST = 5.0
"""Seconds from one look to the next, at most: that a lease has lapsed changes no pulse."""

SHARE = 0.1
"""The share of its time that a watcher may spend looking."""

AWAY = 2.0
"""Seconds until a watcher looks again for a database that was away."""

STREAMS = 200
"""How many pages may follow at a time."""

Moment = TypeVar("Moment")


class TooManyStreams(Exception):  # noqa: N818 - it reads as what happened
    """So many pages follow already that another one cannot."""


class Watcher(Generic[Moment]):
    """Looks at one thing, and hands the newest moment to all who follow.

    Args:
        look: returns the moment as it is now, given the last one; the same object if nothing has changed, and None once
            there is nothing left to look at.
        pulse: returns what changes whenever there may be something new to see; None if that is not known.
    """

    def __init__(
        self, look: Callable[[Moment | None], Awaitable[Moment | None]], pulse: Callable[[], Awaitable[str | None]]
    ) -> None:
        self._look, self._pulse = look, pulse
        self._newest: Moment | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.followers = 0
        self.gone = False

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Look for as long as somebody follows."""
        self.followers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self.followers -= 1
            if self.followers == 0:
                self._task.cancel()

    async def next(self, seen: Moment | None, patience: float) -> Moment | None:
        """Return the newest moment once it is not the one that was seen; None if there is none for so many seconds."""
        deadline = time.monotonic() + patience
        while not self.gone and (self._newest is None or self._newest is seen):
            news = self._news
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await news.wait()
            except TimeoutError:
                return None
        return None if self.gone else self._newest

    def stop(self) -> None:
        """End all who follow."""
        self.gone = True
        self._tell()

    async def _watch(self) -> None:
        felt: str | None = None
        due = latest = time.monotonic()
        while not self.gone:
            try:
                pulse = await self._pulse()
                began = time.monotonic()
                if began >= due and (pulse is None or pulse != felt or began >= latest):
                    felt = pulse
                    found = await self._look(self._newest)
                    took = time.monotonic() - began
                    due = began + max(EVERY, took / SHARE)
                    latest = max(due, began + LONGEST)
                    self._see(found)
            except StudyError:  # the database is away: whoever follows waits
                felt = None
                await asyncio.sleep(AWAY)
                continue
            await asyncio.sleep(min(PULSE, EVERY))

    def _see(self, found: Moment | None) -> None:
        if found is None:
            self.stop()
        elif found is not self._newest:
            self._newest = found
            self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class Watch:
    """The watchers of one service, one for each thing that is looked at."""

    def __init__(self) -> None:
        self._watchers: dict[Hashable, Watcher[object]] = {}
        self._streams = 0
        self.closed = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places for pages that follow.

        Raises:
            TooManyStreams: there is none left.
        """
        if self._streams >= STREAMS or self.closed:
            raise TooManyStreams
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @contextmanager
    def following(
        self,
        key: Hashable,
        look: Callable[[Moment | None], Awaitable[Moment | None]],
        pulse: Callable[[], Awaitable[str | None]],
    ) -> Iterator[Watcher[Moment]]:
        """Follow one thing by the watcher that all share who follow it."""
        watcher: Watcher[Moment] = self._watchers.get(key)  # type: ignore[assignment] # a key has moments of one kind
        if watcher is None or watcher.gone:
            watcher = Watcher(look, pulse)
            self._watchers[key] = watcher  # type: ignore[assignment]
        try:
            with watcher.followed():
                yield watcher
        finally:
            if watcher.followers == 0 and self._watchers.get(key) is watcher:
                del self._watchers[key]

    def close(self) -> None:
        """End all streams, as the service stops."""
        self.closed = True
        for watcher in self._watchers.values():
            watcher.stop()

    def __len__(self) -> int:
        return len(self._watchers)
