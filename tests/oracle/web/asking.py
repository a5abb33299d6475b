"""Asks the service as programs ask, and knows all of its routes."""

from __future__ import annotations

from email.message import Message  # noqa: TC003 - a field's type is read
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.routing import BaseRoute

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Answer(NamedTuple):
    status: int
    headers: Message
    text: str


class _Unled(HTTPRedirectHandler):
    """Does not follow."""

    def redirect_request(self, *_: object) -> None:
        return None


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Ask; a header is named as a keyword, with _ for -."""
    if body is not None:
        headers = {"Content_Type": "application/json"} | headers
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        answer = build_opener(_Unled).open(Request(url, body, named, method=method), timeout=20)
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode("utf-8", "replace"))
    with answer:
        return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))


def addresses(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[str]:
    """The address of every route, with something in place of its parameters."""
    for route in routes:
        inner: Any = getattr(route, "original_router", None)  # FastAPI keeps a router that was included as it is
        if inner is not None:
            context: Any = getattr(route, "include_context", None)
            yield from addresses(inner.routes, prefix + context.prefix)
        else:
            path: str = getattr(route, "path")  # noqa: B009 - it is declared in subclasses only
            for name, value in {"name:any": "s", "file": "app.js", "name": "curve"}.items():
                path = path.replace(f"{{{name}}}", value)
            yield prefix + path.replace("{number}", "1").replace("{trial}", "1").replace("{launch_id}", "1")
