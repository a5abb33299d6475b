"""The service's addresses and what answers them. A page is a function and a route here, and a template.

Each request reads the database again, and nothing is ever written.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from oracle.api.study_reader import StudyReader
from oracle.results.status import study_statuses
from oracle.web.access import OwnPagesOnly
from oracle.web.pages import page
from scyc import InputError
from studies import StudyError, StudyNotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from studies import Store


READERS = 8
"""How many requests read the database at a time: fewer than it has connections, so that one is left for `/health`."""

PATIENCE = 5.0
"""Seconds that `/health` waits for the database."""


def application(store: Store, db: str | None = None) -> ASGIApp:
    """Return the service on a database, as an ASGI application.

    `/` lists the studies, `/study/NAME` follows one, and `/report/NAME` is its report. `/api/studies` and
    `/api/study/NAME` return what `scyc watch --json` and `scyc show --json` print. `/health` says whether the database
    answers.

    Args:
        store: the database, opened for reading.
        db: its URL. A page that writes needs it.
    """
    reading = CapacityLimiter(READERS)
    reporting = CapacityLimiter(1)  # a large report keeps a processor busy for seconds
    asking: list[asyncio.Future[dict[int, str]]] = []  # the question of `/health` that is not answered yet

    def asked_for(request: Request) -> StudyReader:
        return StudyReader(request.path_params["name"], db, store)

    async def health(_: Request) -> Response:
        if not asking or asking[-1].done():  # one question at a time, however often it is asked
            question = asyncio.ensure_future(
                run_sync(store.study_names, limiter=CapacityLimiter(1), abandon_on_cancel=True)
            )
            question.add_done_callback(lambda asked: asked.cancelled() or asked.exception())  # nobody may be waiting
            asking[:] = [question]
        answered, _later = await asyncio.wait(asking, timeout=PATIENCE)
        if not answered:
            raise StudyError(f"The database has not answered for {PATIENCE:g} seconds.")
        await asking[-1]
        return JSONResponse({"database": True})

    def studies(_: Request) -> Response:
        return page("studies.html", studies=study_statuses(store))

    def study(request: Request) -> Response:
        status = asked_for(request).status
        return page("study.html", study=status, changes=status.state != "finished")

    def report(request: Request) -> Response:
        return HTMLResponse(asked_for(request).report_html(), headers={"Cache-Control": "no-store"})

    def studies_json(_: Request) -> Response:
        return JSONResponse([study.to_json() for study in study_statuses(store)])

    def study_json(request: Request) -> Response:
        return JSONResponse(asked_for(request).to_json())

    def in_thread(
        answer: Callable[[Request], Response], limiter: CapacityLimiter
    ) -> Callable[..., Awaitable[Response]]:
        """Answer in a thread. Those who wait for one of the limiter's places need none."""

        async def endpoint(request: Request) -> Response:
            try:
                return await run_sync(answer, request, limiter=limiter, abandon_on_cancel=True)
            except asyncio.CancelledError:  # the server stops and has waited long enough
                return PlainTextResponse("The service is being stopped.\n", 503)

        return endpoint

    return Starlette(
        routes=[
            Route("/", in_thread(studies, reading)),
            Route("/study/{name:path}", in_thread(study, reading)),
            Route("/report/{name:path}", in_thread(report, reporting)),
            Route("/api/studies", in_thread(studies_json, reading)),
            Route("/api/study/{name:path}", in_thread(study_json, reading)),
            Route("/health", health),
        ],
        middleware=[Middleware(OwnPagesOnly), Middleware(GZipMiddleware)],
        exception_handlers={
            StudyNotFound: _says(404),
            InputError: _says(500),  # a spec that cannot be read
            StudyError: _says(503, {"Retry-After": "5"}),
        },
    )


def _says(status: int, headers: dict[str, str] | None = None) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler that answers an error with its message."""

    async def handler(_: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{error}\n", status, headers)

    return handler
