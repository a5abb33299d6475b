"""The service's addresses and what answers them. A page is a function and a route here, and a template.

Each request reads the database again, and nothing is ever written.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from oracle.api.study_reader import StudyReader
from oracle.results.status import study_statuses
from oracle.results.study_view import to_json
from oracle.web.access import OwnPagesOnly
from oracle.web.pages import page
from scyc import InputError
from studies import StudyError, StudyNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from studies import Store


def application(store: Store, db: str | None = None) -> ASGIApp:
    """Return the service on a database, as an ASGI application.

    `/` lists the studies, `/study/NAME` follows one, and `/report/NAME` is its report. `/api/studies` and
    `/api/study/NAME` return what `scyc watch --json` and `scyc show --json` print. `/health` says whether the database
    answers.

    Args:
        store: the database, opened for reading.
        db: its URL. A page that writes needs it.
    """
    one_report = Lock()  # one at a time: a large report keeps a processor busy for seconds

    def asked_for(request: Request) -> StudyReader:
        return StudyReader(request.path_params["name"], db, store)

    def health(_: Request) -> Response:
        store.study_names()
        return JSONResponse({"database": True})

    def studies(_: Request) -> Response:
        return page("studies.html", studies=study_statuses(store))

    def study(request: Request) -> Response:
        status = asked_for(request).status
        return page("study.html", study=status, changes=status.state != "finished")

    def report(request: Request) -> Response:
        with one_report:
            html = asked_for(request).report_html()
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    def studies_json(_: Request) -> Response:
        return JSONResponse([study.to_json() for study in study_statuses(store)])

    def study_json(request: Request) -> Response:
        return JSONResponse(to_json(asked_for(request).view()))

    return Starlette(
        routes=[
            Route("/", studies),
            Route("/study/{name:path}", study),
            Route("/report/{name:path}", report),
            Route("/api/studies", studies_json),
            Route("/api/study/{name:path}", study_json),
            Route("/health", health),
        ],
        middleware=[Middleware(OwnPagesOnly), Middleware(GZipMiddleware)],
        exception_handlers={
            StudyNotFound: _says(404),
            InputError: _says(500),  # a spec that cannot be read
            StudyError: _says(503, {"Retry-After": "5"}),
        },
    )


def _says(status: int, headers: dict[str, str] | None = None) -> Callable[[Request, Exception], Response]:
    """Return a handler that answers an error with its message."""
    return lambda _, error: PlainTextResponse(f"{error}\n", status, headers)
