"""The service in a real browser: a sweep is followed, and its report opened, without a hand on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.driver.lease import driving
from oracle.web import application
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from playwright.sync_api import Browser

TOKEN = "0123456789abcdef"


def test_a_sweep_is_followed_to_its_report(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.pages.EVERY", 1)
    complaints: list[str] = []
    with (
        Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab,
        driving(lab.store, lab.store.study("s")),
        served(application(lab.store, token=TOKEN)) as there,
    ):
        page = browser.new_page(viewport={"width": 700, "height": 900})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{there}/?token={TOKEN}")
        assert page.url == f"{there}/"
        page.get_by_role("link", name="s", exact=True).click()
        assert page.get_by_text("No level is decided yet.").is_visible()
        assert page.get_by_text("running").is_visible()
        sweep = lab.sweep()
        lab.work(sweep, most=7)
        page.get_by_text("1 of 3 levels decided").wait_for(timeout=10_000)  # the page looks again by itself
        lab.work(sweep)
        page.get_by_text("3 of 3 levels decided").wait_for(timeout=10_000)
        assert page.get_by_text("finished", exact=True).is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 700
        page.get_by_role("link", name="Report").click()
        page.locator(".js-plotly-plot svg.main-svg").first.wait_for()
        page.close()
    assert complaints == []
