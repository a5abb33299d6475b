"""The pages: filled from a template, with the headers that keep a browser safe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.convertors import PathConvertor, register_url_convertor
from starlette.responses import HTMLResponse
from starlette.routing import Route

from oracle.api.study_reader import StudyReader
from oracle.report import words
from oracle.report.base import environment
from oracle.results.status import study_status, study_statuses
from oracle.web.assets import asset

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from oracle.web.service import Service

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Plotly sets styles
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of the pages: nothing but what this service serves, and no inline script."""

OF_REPORTS = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""That of a report, which brings its own script: as a page of no site, it can ask this service for nothing."""


class Anything(PathConvertor):
    """Any text in an address, be it of several lines: the names of studies in old databases may be."""

    regex = r"[\s\S]*"


register_url_convertor("any", Anything())


def page(
    template: str, *, status: int = 200, writes: bool = False, token_needed: bool = False, **values: object
) -> HTMLResponse:
    """Return a page.

    Args:
        template: a file in this folder.
        status: of HTTP.
        writes: whether studies may be changed.
        token_needed: whether visitors sign in.
        values: what the template shows.
    """
    found = environment(Path(__file__).parent).get_template(template)
    html = found.render(values, writes=writes, token_needed=token_needed, words=words, asset=asset)
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY})


def page_routes(service: Service) -> list[Route]:
    """Return the routes of all pages."""
    shared = {"writes": service.writes, "token_needed": service.sessions is not None}

    def studies(_: Request) -> Response:
        return page("studies.html", studies=study_statuses(service.store), **shared)

    def study(request: Request) -> Response:
        status = study_status(service.store, request.path_params["name"])
        number = service.store.find_study(status.study)
        return page("study.html", study=status, number=number, **shared)

    def report(request: Request) -> Response:
        html = StudyReader(request.path_params["name"], service.db, service.store).report_html()
        return HTMLResponse(html, headers={"Content-Security-Policy": OF_REPORTS})

    async def launch(_: Request) -> Response:
        return page("launch.html", **shared)

    async def login(_: Request) -> Response:
        return page("login.html", **shared)

    def reading(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await service.read(lambda: answer(request))

        return endpoint

    async def rendering(request: Request) -> Response:
        return await service.render(lambda: report(request))

    return [
        Route("/", reading(studies)),
        Route("/study/{name:any}", reading(study)),
        Route("/report/{name:any}", rendering),
        Route("/launch", launch),
        Route("/login", login),
    ]
