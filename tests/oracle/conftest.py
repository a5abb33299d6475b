"""What the tests of the service share: a real browser, databases that need not be migrated, and fitted surfaces."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from oracle.study import provenance
from oracle.surface import Remembered, surface
from studies import Store, migrations
from tests.oracle.report.browsing import EXECUTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from sqlalchemy import Connection


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
    with Store.open("sqlite://") as store, store._database.read() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        statements = [line for line in raw.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
    migrate = migrations.upgrade

    def upgrade(connection: Connection) -> None:
        if connection.dialect.name == "sqlite" and migrations.current(connection) is None:
            for statement in statements:
                connection.exec_driver_sql(statement)
        else:
            migrate(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrations, "upgrade", upgrade)
        patched.setattr(surface, "_surfaces", Remembered(256))
        for name in ("_commit", "package_version"):
            patched.setattr(provenance, name, cache(getattr(provenance, name)))
        yield
