"""A real browser for the tests of pages, and how to wait for it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "google-chrome", "chromium-browser")

EXECUTABLE = next((path for name in NAMES if (path := shutil.which(name))), None)


def settle(page: Page) -> None:
    """Wait until all plots are as wide as their place; the page's own policy rules out `wait_for_function`."""
    off = "Math.max(...[...document.querySelectorAll('.plot')].map(p => Math.abs(p._fullLayout.width - p.clientWidth)))"
    for _ in range(60):
        if page.evaluate(off) <= 1:
            return
        page.wait_for_timeout(50)
    pytest.fail("The plots did not follow the width of the window.")
