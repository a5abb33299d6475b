"""A study is started, paused, resumed, cancelled and deleted by the buttons of its page; its drivers are processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.execution import ExecutionOptions
from oracle.spec.files import spec_toml
from oracle.web import application
from studies import Store
from tests.oracle.api.drivers import ForkingLauncher
from tests.oracle.report.browsing import until
from tests.oracle.simulation import small_spec
from tests.oracle.web.serving import served, visit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

OPTIONS = ExecutionOptions(executor="inline", mirror=False)
TRIALS = "document.querySelectorAll('#facts dd')[1].textContent"


def test_a_study_from_its_start_to_its_deletion(browser: Browser, tmp_path: Path) -> None:
    launcher = ForkingLauncher(tmp_path)
    with (
        Store.open(launcher.db) as store,
        served(application(store, launcher.db, launcher=launcher)) as there,
        visit(browser, there, lost=True) as page,
    ):
        page.goto(f"{there}/launch")
        page.get_by_label("Name").fill("a b/c")
        page.get_by_label("Spec").fill(spec_toml(small_spec(engine="eager", seeds=list(range(200)))))
        page.get_by_role("button", name="Start").click()
        page.get_by_text("without slashes").wait_for()
        page.get_by_label("Name").fill("a b")
        page.get_by_role("button", name="Start").click()
        page.wait_for_url(f"{there}/study/a%20b")
        page.locator("#state", has_text="running").wait_for()

        page.get_by_role("button", name="Pause").click()
        page.locator("#state", has_text="waiting").wait_for()
        launcher.wait("a b")
        page.get_by_text("Paused").first.wait_for()
        until(page, f"!{TRIALS}.startsWith('0 of')")
        done = sum(trial.state == "complete" for trial in store.trials(store.runs(1)[0].id))
        until(page, f"{TRIALS}.startsWith('{done} of')")

        page.get_by_role("button", name="Resume").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume").click()
        page.locator("#state", has_text="running").wait_for()
        until(page, f"!{TRIALS}.startsWith('{done} of')")

        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Cancel the driver").click()
        page.locator("#state", has_text="waiting").wait_for()
        launcher.wait("a b")

        page.get_by_role("button", name="Delete").click()
        page.get_by_label("Type its name").fill("a b")
        page.get_by_role("button", name="Delete it").click()
        page.get_by_text("no studies yet").wait_for()


def test_drivers_that_do_not_start_are_shown_and_can_be_started_again_or_withdrawn(
    browser: Browser, tmp_path: Path
) -> None:
    launcher = ForkingLauncher(tmp_path)
    launcher.loses[0] = True
    for name in ("<b>lost", "late"):
        launcher.sweep(name, small_spec(engine="eager"), OPTIONS)
    launcher.loses[0] = False
    with (
        Store.open(launcher.db) as store,
        served(application(store, launcher.db, launcher=launcher)) as there,
        visit(browser, there, lost=True) as page,
    ):
        page.goto(f"{there}/")
        waiting = page.locator("#launches li")
        lost, late = waiting.filter(has_text="<b>lost"), waiting.filter(has_text="late")
        lost.get_by_text("starting", exact=True).wait_for()
        lost.get_by_role("button", name="Withdraw").click()
        lost.wait_for(state="detached")
        late.get_by_role("button", name="Start the driver again").click()
        late.wait_for(state="detached")
        page.get_by_role("link", name="late", exact=True).click()
        page.locator("#state", has_text="finished").wait_for()
    launcher.wait("late")


def test_a_page_says_what_became_of_the_last_driver(browser: Browser, tmp_path: Path) -> None:
    launcher = ForkingLauncher(tmp_path)
    launcher.sweep("a", small_spec(engine="eager", seeds=list(range(200))), OPTIONS)
    with (
        Store.open(launcher.db) as store,
        served(application(store, launcher.db, launcher=launcher)) as there,
        visit(browser, there, lost=True) as page,
    ):
        while store.find_study("a") is None:
            page.wait_for_timeout(20)
        page.goto(f"{there}/study/a")
        page.locator("#state", has_text="running").wait_for()
        launcher.kill("a")
        page.locator("#launched", has_text="gone without a word").wait_for()
