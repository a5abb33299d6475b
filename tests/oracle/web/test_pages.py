"""The pages in a real browser: what is shown, what its parts lead to, and how it is reached again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from oracle.web import application
from studies import Store
from tests.oracle.report.browsing import cut_or_overlapping, settle, until
from tests.oracle.web.serving import served, visit
from tests.oracle.web.studies import ADDRESS, NAME, finished

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

TOKEN = "0123456789abcdef"
ROWS = "document.querySelectorAll('#trials tbody tr').length"
DRAWN = "Boolean(document.querySelector('#plot-heatmap .xy'))"


def axe(page: Page) -> list[str]:
    """What axe-core finds that keeps people out."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("path", ["/", "/launch", "/login", f"{ADDRESS}?level=0&trial=1"])
def test_every_page_fits_and_keeps_nobody_out(browser: Browser, there: str, path: str) -> None:
    with visit(browser, there) as page:
        page.goto(there + path)
        if path.startswith("/study"):
            until(page, DRAWN)
            page.locator("#hits .inside").first.wait_for()
            page.locator("#failures table").wait_for()
            until(page, "Boolean(document.querySelector('#plot-trial .xy'))")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            if path.startswith("/study"):
                settle(page)
                assert cut_or_overlapping(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            assert axe(page) == [], theme


def test_names_and_tracebacks_are_text(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(there)
        page.get_by_role("link", name=NAME, exact=True).click()
        assert page.get_by_role("heading", level=1).text_content() == NAME
        until(page, DRAWN)
        page.locator("#failures a").first.click()
        page.locator("#trial-error").get_by_text("the machine is on fire").wait_for()
        assert page.locator("#injected").count() == 0


def test_a_cell_leads_to_its_trials_and_to_one_of_them_and_back(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, DRAWN)
        page.get_by_label("Trials of level").select_option("1")
        page.get_by_label("with max_lr").select_option("0.2")
        until(page, f"{ROWS} === 2")
        trial = page.locator("#trials a").first
        number = trial.text_content()
        trial.click()
        page.get_by_role("heading", name=f"Trial {number}").wait_for()
        assert f"level=1&max_lr=0.2&trial={number}" in page.url
        until(page, "Boolean(document.querySelector('#plot-trial .xy'))")
        page.reload()
        page.get_by_role("heading", name=f"Trial {number}").wait_for()
        page.go_back()
        page.locator("#trial").wait_for(state="hidden")
        until(page, f"{ROWS} === 2")
        page.go_back()
        page.go_back()
        until(page, "document.querySelector('#trials').childElementCount === 0")


def test_a_click_on_a_tile_chooses_its_cell(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, DRAWN)
        page.locator("#hits li").first.wait_for()  # nothing above the figure grows any more
        page.locator("#failures table").wait_for()
        page.locator("#plot-heatmap").scroll_into_view_if_needed()
        box = page.locator("#plot-heatmap .nsewdrag").first.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # the middle level and candidate
        until(page, "location.search === '?level=1&max_lr=0.2'")


def test_a_schedule_is_switched_on_and_stays_in_the_address(browser: Browser, there: str) -> None:
    names = "document.getElementById('plot-curve').data?.map(trace => trace.name) ?? []"
    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        page.get_by_label("constant", exact=True).check()
        until(page, f"({names}).includes('constant')")
        page.reload()
        until(page, f"({names}).includes('constant')")
        page.get_by_label("constant", exact=True).uncheck()
        until(page, f"!({names}).includes('constant')")


def test_everything_is_reached_by_keyboard(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(f"{there}{ADDRESS}?level=1")
        page.get_by_text("levels inside").wait_for()
        page.locator("#trials a").first.wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 20)"))
            ringed = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
            assert page.evaluate(f"document.activeElement === document.body || {ringed}")
        assert {"start", "slide-delta", "slide-q", "rule", "level", "max-lr", "Extend", "Delete"} <= reached


def test_without_javascript_the_numbers_are_there(browser: Browser, there: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{there}/")
    page.get_by_role("link", name=NAME, exact=True).click()
    assert page.get_by_text("2 of 3", exact=True).is_visible()
    assert page.locator("#levels tbody tr").count() == 2
    context.close()


def test_the_token_is_asked_for_and_stays_out_of_the_address(browser: Browser) -> None:
    with (
        Store.open("sqlite://") as store,
        served(application(store, token=TOKEN)) as there,
        visit(browser, there, lost=True) as page,  # the browser notes down that a token was refused
    ):
        page.goto(f"{there}/")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("not the token").wait_for()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("no studies yet").wait_for()
        assert page.url == f"{there}/"
        page.get_by_role("link", name="Sign out").click()
        page.get_by_label("Token").wait_for()


def test_a_session_that_has_ended_leads_to_the_sign_in_and_back(browser: Browser, there: str) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=401, json={"error": "This needs the token."})

    with visit(browser, there, lost=True) as page:
        page.route("**/api/v1/studies/**", refuse)
        page.goto(f"{there}{ADDRESS}?level=1")
        page.get_by_label("Token").wait_for()
        page.unroute("**/api/v1/studies/**")
        page.route("**/api/v1/login", lambda route: route.fulfill(status=204))
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", level=1, name=NAME).wait_for()
        assert page.url == f"{there}{ADDRESS}?level=1"


def test_a_sign_in_leads_to_no_other_site(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.route("**/api/v1/login", lambda route: route.fulfill(status=204))
        for place in ("//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"):
            page.goto(f"{there}/login?next={place}")
            page.get_by_label("Token").fill(TOKEN)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{there}/")


def launch(state: str, message: str, study: int | None = None) -> dict[str, object]:
    return {"id": 5, "study": NAME, "study_id": study, "action": "sweep", "state": state, "message": message}


def test_a_study_is_started_from_a_preset_and_errors_are_said(browser: Browser, there: str) -> None:
    sent: list[object] = []

    def answer(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or ""))
        assert route.request.headers["x-scyc-request"] == "1"
        if len(sent) == 1:
            route.fulfill(status=422, json={"error": "levels is 0, but <b>a study</b> has at least one."})
        else:
            route.fulfill(status=202, json=launch("accepted", ""))

    with visit(browser, there, lost=True) as page:
        page.route("**/api/v1/launches", answer)
        page.route("**/api/v1/launches/5", lambda route: route.fulfill(json=launch("driving", "", study=1)))
        page.goto(f"{there}/launch")
        page.get_by_label("Name").fill("new")
        page.locator("#preset option").nth(1).wait_for(state="attached")
        page.get_by_label("Begin with").select_option(index=1)
        assert "levels" in page.get_by_label("Spec").input_value()
        page.get_by_label("Workers").fill("2")
        page.get_by_role("button", name="Start").click()
        page.get_by_text("levels is 0, but <b>a study</b> has at least one.").wait_for()
        assert page.get_by_label("Name").input_value() == "new"
        page.get_by_role("button", name="Start").click()
        page.wait_for_url(f"{there}/study/**")
    assert sent[0] == sent[1]
    assert isinstance(sent[0], dict)
    assert {"name": "new", "workers": 2}.items() <= sent[0].items()


def test_buttons_ask_first_and_send_what_was_filled_in(browser: Browser, there: str) -> None:
    sent: list[tuple[str, str, object]] = []

    def answer(route: Route) -> None:
        request = route.request
        if request.method == "GET":
            route.fallback()
            return
        sent.append((request.method, request.url.rpartition("/")[2], json.loads(request.post_data or "null")))
        if request.method == "DELETE":
            route.fulfill(status=204)
        else:
            route.fulfill(status=202, json=launch("refused", "The study is <busy>.", study=1))

    with visit(browser, there) as page:
        page.route("**/api/v1/studies/**", answer)
        page.goto(there + ADDRESS)
        page.get_by_role("button", name="Extend").click()
        page.get_by_label("More seeds").fill("3, 4")
        page.get_by_label("More candidates").fill("0.05 0.8")
        page.get_by_role("dialog").get_by_role("button", name="Extend").click()
        page.get_by_text("The study is <busy>.").first.wait_for()
        assert not page.get_by_role("button", name="Pause").is_enabled()
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Keep it").click()
        page.get_by_role("button", name="Delete").click()
        sure = page.get_by_role("button", name="Delete it")
        page.get_by_label("Type its name").fill("something else")
        assert not sure.is_enabled()
        page.get_by_label("Type its name").fill(NAME)
        sure.click()
        page.wait_for_url(f"{there}/")
    assert sent == [("POST", "extend", {"seeds": [3, 4], "candidates": [0.05, 0.8]}), ("DELETE", "1", None)]


def test_who_may_only_read_sees_no_buttons(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    with finished(tmp_path_factory.mktemp("read")) as there, visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, DRAWN)
        assert page.get_by_role("button", name="Delete").count() == 0
        assert page.get_by_role("link", name="Start a study").count() == 0
        page.goto(f"{there}/launch")
        assert page.get_by_text("only reads").is_visible()
