"""Who may do what: whoever knows the token, from pages of this service, under this service's names.

All of it is decided here, before any route is looked up: what is not allowed is refused, whether it is there or not.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from oracle.web.limits import Attempts
from oracle.web.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from oracle.web.live import Watch

SESSION_SECONDS = 12 * 3600
"""How long a session lasts."""

REQUEST_HEADER = "X-Scyc-Request"
"""What a request that changes something must carry, with the value 1. No form of another page can send it."""

READS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"/health", "/login", "/api/v1/login"})
"""Paths that need no token. `/health` is for programs that monitor the service, and reveals nothing else."""

OPEN_FOLDER = "/static/"
"""The page that asks for the token needs its style and its script."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every answer carries."""

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of every answer that has none of its own."""


class Sessions:
    """Sessions of those who gave the token: a signed cookie that expires, and never holds the token.

    Args:
        token: the token. Sessions end when it changes, as everything is signed by a key that is derived from it.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        key = hmac.digest(token.encode(), b"scyc session", "sha256")
        self._signer = URLSafeTimedSerializer(key, salt="session")
        self._ended: dict[str, float] = {}
        self.cookie = f"scyc_{hmac.digest(key, b'name', 'sha256').hex()[:8]}"
        """Its name: two services on one host, which share cookies, have different ones."""

    def is_token(self, given: str) -> bool:
        """Return whether somebody gave the token."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    def begin(self) -> str:
        """Return the value of a new session's cookie."""
        return str(self._signer.dumps(secrets.token_urlsafe(16)))

    def holds(self, cookie: str | None) -> bool:
        """Return whether a cookie is that of a session that has neither expired nor ended."""
        return (name := self._name(cookie)) is not None and name not in self._ended

    def end(self, cookie: str | None) -> None:
        """End a session."""
        now = time.monotonic()
        self._ended = {name: until for name, until in self._ended.items() if until > now}
        if (name := self._name(cookie)) is not None:
            self._ended[name] = now + SESSION_SECONDS

    def _name(self, cookie: str | None) -> str | None:
        try:
            return str(self._signer.loads(cookie or "", max_age=SESSION_SECONDS))
        except BadSignature:  # or it is too old
            return None


class Guard:
    """Answers only what is allowed, and puts the headers on every answer that keep a browser safe.

    Args:
        app: what is guarded.
        sessions: of those who gave the token; None if nobody needs one.
        hosts: the names that requests may be for, besides localhost and addresses in numbers. A page of another site
            could reach the service through a domain name of its own otherwise.
        watch: what follows studies; its streams are ended before the server stops.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions | None, hosts: Iterable[str], watch: Watch) -> None:
        self.app, self.sessions, self.watch, self.farewell = app, sessions, watch, watch.close
        self.hosts = frozenset({"localhost", *(host.lower().strip("[]").rstrip(".") for host in hosts)})
        self.attempts = Attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":  # there are no websockets here
            await send({"type": "websocket.close", "code": 1008})
        else:
            refused = self._refused(Request(scope))
            await (self.app if refused is None else refused)(scope, receive, _with_headers(send))

    def _refused(self, request: Request) -> Response | None:
        try:
            require_host(request, self.hosts)
            require_own_page(request)
            require_request_header(request)
            if self.sessions is not None:
                require_token(request, self.sessions, self.attempts)
        except Refusal as refusal:
            if refusal.status == 401 and _is_page(request):
                return RedirectResponse("/login", status_code=303)
            return refusal.answer(request)
        return None


def require_host(request: Request, hosts: frozenset[str]) -> None:
    """Refuse a request for a name that is not this service's.

    Raises:
        Refusal: it is.
    """
    given = request.headers.getlist("Host")
    name = _name(given[0]) if len(given) == 1 else ""
    if name not in hosts and not _is_address(name):
        raise Refusal(
            400,
            "This service does not answer under that name; use the address that it has shown at its start, or start it "
            "with --allow-host NAME.",
        )


def require_own_page(request: Request) -> None:
    """Refuse what a page of another site asks for, which would have the visitor's rights.

    A browser says where a request comes from; a program that is not a browser says nothing. A link from another site to
    a page is followed.

    Raises:
        Refusal: it comes from another site.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    followed = (
        request.method in READS
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    foreign = site not in (None, "same-origin", "none") and not followed
    if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
        foreign = foreign or not (origin == "null" and site == "same-origin")  # a policy may hide a page's own origin
    if foreign:
        raise Refusal(403, "Only pages of this service may ask for this in a browser.")


def require_request_header(request: Request) -> None:
    """Refuse what may change something and lacks the header that no form can send.

    Raises:
        Refusal: it does.
    """
    if request.method not in READS and request.headers.get(REQUEST_HEADER) != "1":
        raise Refusal(403, f"A request that changes something needs the header {REQUEST_HEADER}: 1.")


def require_token(request: Request, sessions: Sessions, attempts: Attempts) -> None:
    """Refuse a request that has neither the token, in `Authorization: Bearer ...`, nor the cookie of a session.

    Raises:
        Refusal: it has not, or whoever asks has tried too many wrong tokens.
    """
    if request.url.path in OPEN or request.url.path.startswith(OPEN_FOLDER):
        return
    if (header := request.headers.get("Authorization")) is not None:
        scheme, _, given = header.partition(" ")
        require_right_token(request, given.strip() if scheme.lower() == "bearer" else "", sessions, attempts)
    elif not sessions.holds(request.cookies.get(sessions.cookie)):
        raise Refusal(
            401,
            "This needs the token of `scyc serve`: sign in at /login, or send it in the header Authorization: Bearer "
            "TOKEN.",
            {"WWW-Authenticate": "Bearer"},
        )


def require_right_token(request: Request, given: str, sessions: Sessions, attempts: Attempts, wrong: int = 401) -> None:
    """Refuse a wrong token, and for a while everything from whoever gave too many.

    Args:
        request: it came with this one.
        given: the token that was given.
        sessions: those who know the right one.
        attempts: who has tried wrong ones.
        wrong: status of the answer to a wrong one.

    Raises:
        Refusal: it is wrong, or there were too many.
    """
    client = request.client.host if request.client else ""
    if (wait := attempts.wait(client)) > 0:
        raise Refusal(
            429, "There were too many wrong tokens; wait a minute and try again.", {"Retry-After": str(int(wait) + 1)}
        )
    if not sessions.is_token(given):
        attempts.count(client)
        raise Refusal(wrong, "That is not the token of `scyc serve`.", {"WWW-Authenticate": "Bearer"})


def _is_page(request: Request) -> bool:
    """Return whether a browser asks for a page, which another one may stand in for."""
    path, header = request.url.path, request.headers.get("Accept", "")
    return request.method in READS and not path.startswith("/api/") and "text/html" in header


def _name(host: str) -> str:
    """Return the name in a header `Host`, without port."""
    name = host.partition("]")[0][1:] if host.startswith("[") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**HEADERS, "Content-Security-Policy": NOTHING, "Cache-Control": "no-store"}.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
