"""What is new, as a stream of server-sent events."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import APIRouter, Header, Request
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from oracle.web.cursor import Cursor
from oracle.web.live import AWAY, TooManyStreams, Watch
from oracle.web.refusals import Refusal
from oracle.web.service import Asked, Service
from oracle.web.v1 import models
from oracle.web.v1.answering import Number
from oracle.web.v1.summaries import summary
from oracle.web.v1.trials import shown
from studies import StudyChanges, StudyError, StudyNotFound

router = APIRouter(tags=["events"])

KEEP_ALIVE = 15.0
"""Seconds until a comment keeps a silent line open."""

MOST_TRIALS = 200
"""How many trials an event has at most."""

FEW_TRIALS = 20
"""How many it has if there are more than that: nobody can do without asking for all of them then."""

LastEventId = Annotated[
    str | None, Header(max_length=500, description="The id of the last event that was seen, to resume from there.")
]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events, without an end."}
}


class Stream(StreamingResponse):
    """Events to one page, for as long as it is open; refused if too many are."""

    def __init__(self, watch: Watch, events: AsyncIterator[bytes]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # proxies must not collect them
        super().__init__(events, headers=headers, media_type="text/event-stream")
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send."""
        try:
            with self._watch.place():
                await super().__call__(scope, receive, send)
        except TooManyStreams:
            refused = Refusal(503, "Too many pages follow studies here; try again later.", {"Retry-After": "30"})
            await refused.answer(Request(scope))(scope, receive, send)


class Following(Protocol):
    """Something at one moment, for pages that follow it."""

    @property
    def cursor(self) -> object:
        """What a page has seen that saw this."""
        ...

    async def events_since(self, seen: Any, /) -> bytes:
        """Return the events that lead here from what was seen; raise StudyError where that cannot be told."""
        ...


Shown = TypeVar("Shown", bound=Following)


class Moment:
    """A study at one moment, with what those need who saw it last at another one; worked out once for all of them."""

    def __init__(self, service: Service, number: int, changes: StudyChanges, summed_up: models.Summary) -> None:
        self.changes, self.cursor = changes, Cursor.of(changes)
        self._service, self._number, self._summary = service, number, summed_up
        self._events: dict[Cursor | None, asyncio.Task[bytes]] = {}

    async def events_since(self, seen: Cursor | None) -> bytes:
        """Return the events that lead from a cursor to this moment; many may wait for the same ones.

        Raises:
            StudyError: the database is away.
        """
        if (task := self._events.get(seen)) is None:
            task = asyncio.ensure_future(self._service.watching(lambda: self._since(seen)))
            self._events[seen] = task
        try:
            return await asyncio.shield(task)  # a page that is closed ends it for nobody else
        except StudyError:
            self._events.pop(seen, None)
            raise

    def _since(self, seen: Cursor | None) -> bytes:
        changed = self.cursor.changed(seen)
        state = models.StudyEvent(
            summary=self._summary,
            cursor=str(self.cursor),
            decided=self.changes.decided,
            changed=models.Changed(**changed),
        )
        told = _event("study", state, str(self.cursor))
        if seen is None or self.cursor.at in (None, seen.at):  # none has ended since
            return told
        number = self.cursor.ended - seen.ended
        most = MOST_TRIALS if number <= MOST_TRIALS else FEW_TRIALS
        found = self._service.store.finished_between(self._number, seen.at, self.cursor.at, most)
        ended = models.TrialsEvent(trials=[shown(*pair) for pair in reversed(found)], more=number > len(found))
        # With the id of what was seen before: if the line drops in between, the state is sent again.
        return _event("trials", ended, str(seen)) + told


@router.get("/studies/{number}/events", response_class=StreamingResponse, responses=STREAM, summary="Follow a study")
async def study_events(service: Asked, number: Number, last_event_id: LastEventId = None) -> StreamingResponse:
    """Follow a study: `study` with its state whenever that has changed, `trials` with those that ended, `gone`."""
    if await service.read(lambda: service.store.study_name(number)) is None:
        raise StudyNotFound(f"There is no study {number} in {service.store.url}.")
    return Stream(service.watch, _study(service, number, Cursor.parse(last_event_id)))


@router.get("/events", response_class=StreamingResponse, responses=STREAM, summary="Follow the list of studies")
async def events(service: Asked, last_event_id: LastEventId = None) -> StreamingResponse:
    """Follow the list: `studies` with all of them whenever one has changed."""
    return Stream(service.watch, _studies(service, last_event_id))


async def _study(service: Service, number: int, seen: Cursor | None) -> AsyncIterator[bytes]:
    def look(last: Moment | None) -> Moment | None:
        changes = service.store.changes(number)
        if changes is None:
            return None
        if last is not None and changes == last.changes:
            return last
        found = summary(service.store, number, changes.name)
        return None if found is None else Moment(service, number, changes, found)

    async for told in _follow(service, ("study", number), look, seen):
        yield told
    if not service.watch.closed:
        yield _event("gone", models.Gone(id=number), None)


def _studies(service: Service, seen: str | None) -> AsyncIterator[bytes]:
    return _follow(service, "studies", lambda last: Listing.look(service, last), seen)


async def _follow(
    service: Service, key: Hashable, look: Callable[[Shown | None], Shown | None], seen: object
) -> AsyncIterator[bytes]:
    """Yield what leads a page from what it has seen to what there is, again and again until that is gone."""

    async def looking(last: Shown | None) -> Shown | None:
        return await service.watching(lambda: look(last))

    yield _comment("following")
    with service.watch.following(key, looking, service.pulse) as watcher:
        last: Shown | None = None
        while True:
            moment = await watcher.next(last, KEEP_ALIVE)
            if watcher.gone:
                return
            if moment is None:
                yield _comment("still here")
                continue
            if moment.cursor != seen:
                try:
                    told = await moment.events_since(seen)
                except StudyError:  # the database is away
                    await asyncio.sleep(AWAY)
                    continue
                yield told
            last, seen = moment, moment.cursor


class Listing:
    """All studies at one moment."""

    def __init__(self, seen: dict[int, tuple[StudyChanges, models.Summary]]) -> None:
        self.seen = seen
        cursors = "\n".join(f"{number} {Cursor.of(changes)}" for number, (changes, _) in seen.items())
        self.cursor = hashlib.sha256(cursors.encode()).hexdigest()[:32]
        listed = models.StudiesEvent(studies=[found for _, found in seen.values()])
        self._event = _event("studies", listed, self.cursor)

    async def events_since(self, _: object) -> bytes:
        """Return all studies, whatever was seen before."""
        return self._event

    @classmethod
    def look(cls, service: Service, last: Listing | None) -> Listing:
        """Return the studies as they are now; what was returned last if nothing has changed."""
        found = {}
        for number, name in list(service.store.study_names().items())[-models.MOST_STUDIES :]:
            changes = service.store.changes(number)
            if changes is None:
                continue
            before = last.seen.get(number) if last else None
            summed_up = before[1] if before and before[0] == changes else summary(service.store, number, name)
            if summed_up is not None:
                found[number] = changes, summed_up
        same = last is not None and {n: c for n, (c, _) in found.items()} == {n: c for n, (c, _) in last.seen.items()}
        return last if last is not None and same else cls(found)


def _event(kind: str, data: BaseModel, cursor: str | None) -> bytes:
    return format_sse_event(event=kind, data_str=data.model_dump_json(), id=cursor)


def _comment(text: str) -> bytes:
    return format_sse_event(comment=text)
