"""Who may see the pages: whoever sends the token, in a link, a cookie or a header."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "scyc_token"
OPEN = ("/health",)
"""Paths that need no token, for programs that monitor the service. They reveal nothing else."""


READS = frozenset({"GET", "HEAD", "OPTIONS"})


class OwnPagesOnly:
    """Refuses what writes and comes from a page of another site, which would have the visitor's rights.

    A browser says where a request comes from; a program that is not a browser says nothing, and may write.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in READS and not _is_own(Request(scope)):
            sentence = "Only pages of this service may change something here.\n"
            await PlainTextResponse(sentence, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_own(request: Request) -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.partition("://")[2] == request.headers.get("Host")


def require_token(application: ASGIApp, token: str) -> ASGIApp:
    """Return an application that answers only requests with the token.

    The token comes from the header `Authorization: Bearer ...`, or from `?token=...`. The latter is then replaced by a
    cookie, so that the token stays in no link and no history.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await application(scope, receive, send)
            return
        request = Request(scope)
        given = request.query_params.get("token")
        if given is not None and _same(given, token):
            answer = RedirectResponse(str(request.url.remove_query_params("token")), status_code=303)
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure)
            await answer(scope, receive, send)
            return
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if _same(request.cookies.get(COOKIE, ""), token) or _same(header, token):
            await application(scope, receive, send)
            return
        sentence = "This page needs the token of `scyc serve`: add ?token=TOKEN to the end of its address.\n"
        await PlainTextResponse(sentence, 401, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

    return guarded


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
