"""The service's own pages: filled from a template, and reloaded by the browser while they may change."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import HTMLResponse

from oracle.report import words
from oracle.report.base import environment

EVERY = 5
"""Seconds until the browser reloads a page that may change."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content-Security-Policy of the pages; a report has its own, which allows the figures' scripts."""


def page(template: str, *, changes: bool = True, **values: object) -> HTMLResponse:
    """Return a page.

    Args:
        template: a file in this folder that extends `live.html`.
        changes: whether the page may still change, so that the browser should reload it.
        values: what the template shows.
    """
    found = environment(Path(__file__).parent).get_template(template)
    html = found.render(values, words=words, every=EVERY if changes else None)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(html, headers=headers)
