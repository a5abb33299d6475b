"""What the tests of the service share: a real browser, databases that need not be migrated, and fitted surfaces."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from oracle.study import provenance
from oracle.surface import Remembered, surface
from tests.oracle.report.browsing import EXECUTABLE
from tests.studies.ready_made import ready_made

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


@pytest.fixture(scope="package", autouse=True)
def _once() -> Iterator[None]:
    """Migrate one SQLite database, look up versions and fit each surface once: it takes longer than most tests."""
    with ready_made() as patched:
        patched.setattr(surface, "_surfaces", Remembered(256))
        for name in ("_commit", "package_version"):
            patched.setattr(provenance, name, cache(getattr(provenance, name)))
        yield
