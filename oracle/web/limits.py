"""What requests may cost: the size of their bodies, the time that these take, and how often a token may be guessed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from starlette.requests import Request

from oracle.web.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 2**20
"""Size of the largest body that a request may have."""

BODY_SECONDS = 10.0
"""How long a body may take to arrive."""

ATTEMPTS, ATTEMPT_SECONDS = 10, 60.0
"""How many wrong tokens may come from one address in so much time."""

CHANGES, CHANGE_SECONDS = 120, 60.0
"""How many requests that change something may come from one address in so much time."""

_MOST_ADDRESSES = 1000


class BodyLimit:
    """Refuses bodies that are too large or too slow; what is behind it gets whole ones."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            whole = await _whole(Request(scope), receive)
        except Refusal as refusal:
            await refusal.answer(Request(scope))(scope, receive, send)
            return
        if whole is not None:
            await self.app(scope, _again(whole, receive), send)


async def _whole(request: Request, receive: Receive) -> bytes | None:
    """Return the body; None if the client is gone.

    Raises:
        Refusal: it is too large, or does not arrive.
    """
    told = request.headers.get("Content-Length", "0")
    if not told.isdecimal() or int(told) > BODY_BYTES:
        raise _too_large()
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                part: bytes = message.get("body", b"")
                body += part
                if len(body) > BODY_BYTES:
                    raise _too_large()
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        raise Refusal(408, f"The request did not arrive within {BODY_SECONDS:g} seconds.", _CLOSE) from None


_CLOSE = {"Connection": "close"}


def _too_large() -> Refusal:
    return Refusal(413, f"The request is larger than {BODY_BYTES // 2**20} MiB, which is the most.", _CLOSE)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a function that hands out a body that was received already, and then what comes next."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return messages.pop() if messages else await receive()

    return receiving


class Attempts:
    """Counts what is limited, such as wrong tokens, by the address that it came from.

    The latest addresses are remembered.

    Args:
        most: how often something may come from one address in so many seconds.
        seconds: how many.
    """

    def __init__(self, most: int = ATTEMPTS, seconds: float = ATTEMPT_SECONDS) -> None:
        self.most, self.seconds = most, seconds
        self._by_address: dict[str, deque[float]] = {}

    def count(self, address: str) -> None:
        """Count one."""
        times = self._by_address.pop(address, None) or deque(maxlen=self.most)
        times.append(time.monotonic())
        self._by_address[address] = times
        while len(self._by_address) > _MOST_ADDRESSES:
            self._by_address.pop(next(iter(self._by_address)))

    def wait(self, address: str) -> float:
        """Return in how many seconds an address may try again; 0 for now."""
        times = self._by_address.get(address)
        if times is None or len(times) < self.most:
            return 0.0
        return max(0.0, times[0] + self.seconds - time.monotonic())
