"""Pages that change by themselves while a sweep runs, and find their way back when something was away."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from oracle.driver.lease import driving
from oracle.web import application
from studies import Store, StudyError
from tests.oracle.report.browsing import until
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.serving import served, visit

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from playwright.sync_api import Browser

BEGUN = "document.querySelectorAll('#provenance tr').length > 0"
"""The page's script runs; the numbers are there before, from the server."""
DECIDED = "document.querySelector('#facts dd').textContent"


def test_levels_appear_while_the_sweep_runs(browser: Browser, tmp_path: Path) -> None:
    with (
        Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab,
        driving(lab.store, lab.store.study("s")),
        served(application(lab.store)) as there,
        visit(browser, there) as page,
        visit(browser, there) as listing,
    ):
        listing.goto(f"{there}/")
        page.goto(f"{there}/")
        page.get_by_role("link", name="s", exact=True).click()
        assert page.get_by_text("No level is decided yet.", exact=True).is_visible()
        assert page.get_by_text("running", exact=True).is_visible()
        for one in (page, listing):
            one.evaluate("window.stayed = true")
        sweep = lab.sweep()
        lab.work(sweep, most=7)
        until(page, f"{DECIDED} === '1 of 3'")
        until(page, "document.querySelectorAll('#levels tbody tr').length === 1")
        until(page, "Boolean(document.querySelector('#plot-curve .xy'))")
        listing.get_by_text("1 of 3 levels decided").wait_for()
        lab.work(sweep)
        until(page, f"{DECIDED} === '3 of 3'")
        page.get_by_text("finished", exact=True).wait_for()
        assert page.locator("#said").text_content() == "The study is finished."
        listing.get_by_text("3 of 3 levels decided").wait_for()
        assert page.evaluate("window.stayed")
        assert listing.evaluate("window.stayed")


def test_a_page_says_that_the_service_is_away_and_goes_on_when_it_is_back(browser: Browser, tmp_path: Path) -> None:
    with (
        Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab,
        driving(lab.store, lab.store.study("s")),
        ExitStack() as stack,
    ):
        running = stack.enter_context(ExitStack())
        there = running.enter_context(served(application(lab.store)))
        page = stack.enter_context(visit(browser, there, lost=True))
        page.goto(f"{there}/study/s")
        until(page, BEGUN)
        running.close()
        until(page, "document.getElementById('line').textContent.startsWith('Not connected since')")
        lab.work(lab.sweep(), most=7)
        stack.enter_context(served(application(lab.store), int(there.rpartition(":")[2])))
        until(page, f"{DECIDED} === '1 of 3'")
        until(page, "document.getElementById('line').textContent === ''")


def test_a_page_survives_a_database_that_was_away(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StudyError("The database does not answer.")

    with (
        Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab,
        driving(lab.store, lab.store.study("s")),
        Store.open(f"sqlite:///{tmp_path}/scyc.db", read_only=True) as reading,
        served(application(reading)) as there,
        visit(browser, there, lost=True) as page,
    ):
        page.goto(f"{there}/study/s")
        until(page, BEGUN)
        with monkeypatch.context() as patched:
            for name in ("study", "study_names", "runs", "levels", "trials"):
                patched.setattr(reading, name, away, raising=False)
            page.wait_for_timeout(1500)
        lab.work(lab.sweep(), most=7)
        until(page, f"{DECIDED} === '1 of 3'")
        until(page, "document.getElementById('line').textContent === ''")


def test_a_study_that_is_deleted_is_said_so(browser: Browser, tmp_path: Path) -> None:
    with (
        Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab,
        served(application(lab.store)) as there,
        visit(browser, there, lost=True) as page,
    ):
        page.goto(f"{there}/study/s")
        until(page, BEGUN)
        page.wait_for_timeout(300)
        lab.store.delete_study("s")
        page.get_by_text("This study was deleted.").wait_for(timeout=10_000)
