"""Follows a stream of events, as a page does."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse


class Event(NamedTuple):
    kind: str
    id: str | None
    data: Any


@contextmanager
def following(there: str, path: str, last: str | None = None) -> Iterator[Iterator[Event]]:
    """The events of a stream, comments left out."""
    with closing(HTTPConnection(there.partition("://")[2], timeout=20)) as connection:
        connection.request("GET", path, headers={"Last-Event-ID": last} if last else {})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        with closing(answer):
            yield events(answer)


def events(answer: HTTPResponse) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in answer:
        text = line.decode().rstrip("\n")
        if not text and "event" in fields:
            yield Event(fields["event"], fields.get("id"), json.loads(fields["data"]))
        if not text:
            fields = {}
        elif not text.startswith(":"):
            name, _, value = text.partition(": ")
            fields[name] = value
