"""What all requests share: the database, what is allowed, and a limited number of threads to work in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Request

from oracle.api.study_reader import StudyReader
from oracle.web.limits import CHANGE_SECONDS, CHANGES, Attempts
from oracle.web.live import Watch
from oracle.web.refusals import Refusal
from oracle.web.remembered import Remembered
from studies import StudyNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.api.launching import Launcher
    from oracle.web.access import Sessions
    from studies import Store

READERS = 5
"""How many requests read the database at a time: with the watchers and `/health` as many as it has connections."""

LEVELS, WORKED_OUT = 512, 32
"""How much is remembered of single levels, and how much that was worked out of those of one study."""

WATCHERS = 2
"""How many watchers look at the database at a time."""

JUDGES = 2
"""How many requests judge schedules at a time."""

RENDERERS = 1
"""How many reports, figures and exports are made at a time: a large one keeps a processor busy for seconds."""

WRITERS = 4
"""How many requests change something at a time."""

T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """The service on one database.

    Attributes:
        store: the database, opened for reading.
        db: its URL; None if it is known by its store alone, as in a test.
        launcher: starts drivers; None if nothing may be changed.
        sessions: of those who gave the token; None if nobody needs one.
        reading: places for those who read.
        rendering: places for those who need a processor for longer.
        judging: places for those who judge schedules.
        looking: places for watchers.
        watch: the watchers.
        levels: decided levels that were read before.
        worked_out: what was worked out of them before.
        writing: places for those who change something, of whom each waits until a driver has answered.
        changes: how often somebody has changed something of late.
    """

    store: Store
    db: str | None = None
    launcher: Launcher | None = None
    sessions: Sessions | None = None
    reading: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(READERS))
    rendering: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(RENDERERS))
    judging: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(JUDGES))
    looking: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WATCHERS))
    watch: Watch = field(default_factory=Watch)
    levels: Remembered = field(default_factory=lambda: Remembered(LEVELS))
    worked_out: Remembered = field(default_factory=lambda: Remembered(WORKED_OUT))
    writing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WRITERS))
    changes: Attempts = field(default_factory=lambda: Attempts(CHANGES, CHANGE_SECONDS))

    @property
    def writes(self) -> bool:
        """Whether requests may change something."""
        return self.launcher is not None

    async def read(self, work: Callable[[], T]) -> T:
        """Work in a thread that reads the database. Those who wait for their turn need none."""
        return await _in_thread(work, self.reading)

    async def watching(self, work: Callable[[], T]) -> T:
        """Work in a thread for those who follow studies; requests never wait for them, nor they for requests."""
        return await run_sync(work, limiter=self.looking, abandon_on_cancel=True)

    async def pulse(self) -> str | None:
        """Return what changes with every commit to the database."""
        return await self.watching(self.store.pulse)

    async def judge(self, work: Callable[[], T]) -> T:
        """Work in a thread that judges schedules."""
        return await _in_thread(work, self.judging)

    async def render(self, work: Callable[[], T]) -> T:
        """Work in a thread, for what takes a processor for a while."""
        return await _in_thread(work, self.rendering)

    async def write(self, work: Callable[[], T]) -> T:
        """Work in a thread that changes something."""
        return await _in_thread(work, self.writing)

    def reader(self, number: int) -> StudyReader:
        """Return the study of a number.

        Raises:
            StudyNotFound: there is none.
        """
        name = self.store.study_name(number)
        if name is None:
            raise StudyNotFound(f"There is no study {number} in {self.store.url}.")
        return StudyReader(name, self.db, self.store)


async def _in_thread(work: Callable[[], T], limiter: CapacityLimiter) -> T:
    try:
        return await run_sync(work, limiter=limiter, abandon_on_cancel=True)
    except asyncio.CancelledError:  # the server stops and has waited long enough
        raise Refusal(503, "The service is being stopped.") from None


async def service_of(request: Request) -> Service:
    """Return the service that a request is for."""
    found: Service = request.app.state.service
    return found


Asked = Annotated[Service, Depends(service_of)]
"""A parameter of a route: the service."""
