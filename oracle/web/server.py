"""The server under the service: it listens, and does not wait for ever for those who do not speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    import socket

    from starlette.types import ASGIApp

REQUEST_SECONDS = 10.0
"""How long a connection may go without a whole request before it is closed."""

FAREWELL_SECONDS = 3
"""How long answers under way may take once the server is to stop."""


class _Prompt(H11Protocol):
    """Closes connections on which no whole request arrives in time; each of them takes one of the process's files."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self._answered: object = None
        self._watch = self.loop.call_later(REQUEST_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._answered is self.cycle:
            self.transport.close()
            return
        self._answered = self.cycle if idle else object()
        self._watch = self.loop.call_later(REQUEST_SECONDS, self._look)


def server(application: ASGIApp) -> uvicorn.Server:
    """Return a server for an application; `run(sockets=[...])` serves until it is interrupted."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            http=_Prompt,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=FAREWELL_SECONDS,
        )
    )


def serve(application: ASGIApp, listener: socket.socket) -> None:
    """Serve an application on a socket that listens, until it is interrupted."""
    server(application).run(sockets=[listener])
