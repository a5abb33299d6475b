"""Puts the service together: pages, files, the HTTP API, and what guards them."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from oracle.web import v1
from oracle.web.access import Guard, Sessions
from oracle.web.assets import serve_asset
from oracle.web.limits import BodyLimit
from oracle.web.pages import page_routes
from oracle.web.refusals import Refusal, broken_rules, refusing
from oracle.web.service import Service
from scyc import InputError
from studies import LaunchWaiting, StudyBusy, StudyError, StudyExists, StudyNotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response

    from oracle.api.launching import Launcher
    from studies import Store

PATIENCE = 5.0
"""Seconds that `/health` waits for the database."""


def application(
    store: Store,
    db: str | None = None,
    *,
    launcher: Launcher | None = None,
    token: str | None = None,
    hosts: Iterable[str] = (),
) -> Guard:
    """Return the service on a database, as an ASGI application.

    `/` lists the studies, `/study/NAME` follows one, and `/report/NAME` is its report. `/api/v1` is the HTTP API, which
    describes itself at `/api/v1/openapi.json`. `/health` says whether the database answers.

    Args:
        store: the database, opened for reading. Nothing is written through it.
        db: its URL.
        launcher: starts drivers. Default: nothing may be changed.
        token: what everybody has to know. Default: nobody needs one.
        hosts: names that requests may be for, besides localhost and addresses in numbers.
    """
    sessions = None if token is None else Sessions(token)
    service = Service(store, db, launcher, sessions)
    app = FastAPI(
        title="S-Cyc oracle",
        version=version("scyc"),
        description="The studies of one database: how far they are, what they found, and verdicts on schedules.",
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        routes=[*page_routes(service), Route("/static/{file}", serve_asset), Route("/health", _health(store))],
        exception_handlers={
            StudyNotFound: _says(404),
            StudyBusy: _says(409),
            StudyExists: _says(409),
            LaunchWaiting: _says(409),
            InputError: _says(409),  # the study is in no state for this, or its spec cannot be read
            StudyError: _says(503, {"Retry-After": "5"}),
            Refusal: _refuse,
            HTTPException: _refuse_as_usual,
            RequestValidationError: _refuse_values,
        },
    )
    app.state.service = service
    app.include_router(v1.router, prefix="/api/v1")
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(BodyLimit)
    guard = Guard(app, sessions, hosts, service.watch)
    app.state.attempts = guard.attempts
    return guard


def _health(store: Store) -> Callable[[Request], Awaitable[Response]]:
    asking: list[asyncio.Future[str]] = []  # the question that is not answered yet

    async def health(_: Request) -> Response:
        if not asking or asking[-1].done():  # one question at a time, however often it is asked
            question = asyncio.ensure_future(
                run_sync(store.revision, limiter=CapacityLimiter(1), abandon_on_cancel=True)
            )
            question.add_done_callback(lambda asked: asked.cancelled() or asked.exception())  # nobody may be waiting
            asking[:] = [question]
        answered, _later = await asyncio.wait(asking, timeout=PATIENCE)
        if not answered:
            raise StudyError(f"The database has not answered for {PATIENCE:g} seconds.")
        await asking[-1]
        return JSONResponse({"database": True})

    return health


def _says(
    status: int, headers: Mapping[str, str] | None = None
) -> Callable[[Request, Exception], Coroutine[Any, Any, Response]]:
    """Return a handler that answers an error with its message."""

    async def handler(request: Request, error: Exception) -> Response:
        return refusing(request, status, str(error), headers)

    return handler


async def _refuse(request: Request, error: Exception) -> Response:
    return cast("Refusal", error).answer(request)


async def _refuse_as_usual(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses: no such address, or not that method."""
    refused = cast("HTTPException", error)
    sentence = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.method} is not a method of {request.url.path}.",
    }.get(refused.status_code, f"{refused.detail}.")
    return refusing(request, refused.status_code, sentence, refused.headers)


async def _refuse_values(request: Request, error: Exception) -> Response:
    return refusing(request, 422, broken_rules(cast("RequestValidationError", error).errors()))
