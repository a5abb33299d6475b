"""The pages and what is behind them: each request looks into the database anew, and nothing is ever written."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from oracle.report import render
from oracle.results.status import study_status, study_statuses
from oracle.results.study_view import to_json, view_study
from oracle.web.pages import studies_page, study_page
from scyc import InputError
from studies import StudyError, StudyNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from studies import Store

PAGE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content-Security-Policy of the pages; a report brings its own, which allows the figures' scripts."""


def application(store: Store) -> ASGIApp:
    """Return the service on a database, as an ASGI application.

    `/` lists the studies and `/study/NAME` follows one; `/report/NAME` is its report. `/api/studies` and
    `/api/study/NAME` are what `scyc watch --json` and `scyc show --json` print. `/health` answers whether the database
    does.
    """
    one_report = Lock()  # a large one takes seconds of a processor: one at a time

    def health(_: Request) -> Response:
        store.studies()
        return JSONResponse({"database": True})

    def studies(_: Request) -> Response:
        return _page(studies_page(study_statuses(store)))

    def study(request: Request) -> Response:
        return _page(study_page(study_status(store, request.path_params["name"])))

    def report(request: Request) -> Response:
        with one_report:
            html = render(view_study(store, request.path_params["name"]))
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    def studies_json(_: Request) -> Response:
        return JSONResponse([study.to_json() for study in study_statuses(store)])

    def study_json(request: Request) -> Response:
        return JSONResponse(to_json(view_study(store, request.path_params["name"])))

    return Starlette(
        routes=[
            Route("/", studies),
            Route("/study/{name:path}", study),
            Route("/report/{name:path}", report),
            Route("/api/studies", studies_json),
            Route("/api/study/{name:path}", study_json),
            Route("/health", health),
        ],
        middleware=[Middleware(GZipMiddleware)],
        exception_handlers={
            StudyNotFound: _says(404),
            InputError: _says(500),  # a spec that cannot be read
            StudyError: _says(503, {"Retry-After": "5"}),
        },
    )


def _page(html: str) -> Response:
    headers = {"Content-Security-Policy": PAGE, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(html, headers=headers)


def _says(status: int, headers: dict[str, str] | None = None) -> Callable[[Request, Exception], Response]:
    """Return what answers an error with its sentence."""
    return lambda _, error: PlainTextResponse(f"{error}\n", status, headers)
