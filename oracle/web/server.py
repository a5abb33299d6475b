"""The server under the service: it listens, and does not wait for ever for those who do not speak or listen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from starlette.types import ASGIApp

REQUEST_SECONDS = 10.0
"""How long a connection may go without a whole request, or without reading its answer, before it is closed."""

CONNECTIONS = 500
"""How many connections there may be; more are told to come back later."""

FAREWELL_SECONDS = 3
"""How long answers under way may take once the server is to stop."""


class _Prompt(H11Protocol):
    """Closes connections that do not speak or do not listen; each of them takes one of the process's files.

    No whole request arrives in time, or nothing of an answer is read for as long.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self._answered: object = None
        self._left = 0  # bytes of an answer that wait to be read
        self._watch = self.loop.call_later(REQUEST_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and left == self._left:  # whoever asked reads nothing of the answer
            self.transport.abort()
            return
        self._left = left
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._answered is self.cycle:
            self.transport.close()
            return
        self._answered = self.cycle if idle else object()
        self._watch = self.loop.call_later(REQUEST_SECONDS, self._look)


class _Server(uvicorn.Server):
    """Says farewell to the application before it stops, so that streams end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        farewell: Callable[[], None] | None = getattr(self.config.app, "farewell", None)
        if farewell is not None:
            farewell()
        await super().shutdown(sockets)


def server(application: ASGIApp) -> uvicorn.Server:
    """Return a server for an application; `run(sockets=[...])` serves until it is interrupted.

    If the application has a method `farewell`, that is called before the server stops.
    """
    return _Server(
        uvicorn.Config(
            application,
            http=_Prompt,
            limit_concurrency=CONNECTIONS,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=FAREWELL_SECONDS,
        )
    )


def serve(application: ASGIApp, listener: socket.socket) -> None:
    """Serve an application on a socket that listens, until it is interrupted."""
    server(application).run(sockets=[listener])
