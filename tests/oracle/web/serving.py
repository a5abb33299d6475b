"""The service on a database, behind a real server, and a browser's page on it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oracle.web.server import server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from starlette.types import ASGIApp


@contextmanager
def served(application: ASGIApp, port: int = 0) -> Iterator[str]:
    """The address of a running server, without a slash at its end."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        running = server(application)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()


@contextmanager
def visit(
    browser: Browser, there: str, *, width: int = 1280, theme: str = "light", lost: bool = False
) -> Iterator[Page]:
    """A page that may not complain, nor ask any other server for anything.

    Args:
        browser: shows it.
        there: address of the server.
        width: of the window in pixels.
        theme: "light" or "dark".
        lost: whether the server goes away meanwhile, which the browser itself notes down.
    """
    complaints: list[str] = []
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if theme == "dark" else "light"
    )
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.extend([] if _is_own(request.url, there) else [request.url]))
    yield page
    page.close()
    assert [one for one in complaints if not (lost and "Failed to load resource" in one)] == [], complaints


def _is_own(url: str, there: str) -> bool:
    return url.startswith("data:") or urlsplit(url)[:2] == urlsplit(there)[:2]
