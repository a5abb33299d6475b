"""Answers that say no: one full sentence, as JSON to programs and as plain text to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from starlette.requests import Request

API = "/api/"


class Refusal(Exception):  # noqa: N818 - it reads as what happened
    """A request that is not answered.

    Attributes:
        status: of HTTP, 400 to 599.
        sentence: why, and what to do.
        headers: of the answer.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, dict(headers or {})

    def answer(self, request: Request) -> Response:
        """Return the answer to a request."""
        return refusing(request, self.status, self.sentence, self.headers)


def refusing(request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that says no."""
    if request.url.path.startswith(API):
        return JSONResponse({"error": sentence}, status, headers)
    return PlainTextResponse(f"{sentence}\n", status, headers)


def broken_rules(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return a sentence on the errors that Pydantic found in a request. It repeats none of the values."""
    found = []
    for error in errors:
        place = ".".join(str(part) for part in error["loc"][1:]) or "the body"
        message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
        found.append(f"{place}: {message[:1].lower()}{message[1:]}")
    return f"The request is not valid: {'; '.join(found)}."
