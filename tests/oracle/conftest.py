"""What the tests of pages share: a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle.report.browsing import EXECUTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with sync_api.sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        yield instance
        instance.close()
