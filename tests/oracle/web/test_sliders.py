"""The schedule that people move: its formula, its curve, and the verdict that follows."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from scyc import SCyc
from scyc.ramps import ExponentialRamp, LinearRamp
from tests.oracle.report.browsing import until
from tests.oracle.web.serving import visit
from tests.oracle.web.studies import ADDRESS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

TRIED = "document.getElementById('plot-curve').data?.find(trace => trace.name === 'the schedule that you move')?.y"


def test_the_formulas_are_those_of_the_program(browser: Browser, there: str) -> None:
    draw = random.Random(1)
    cases: list[tuple[dict[str, Any], int]] = []
    for _ in range(500):
        values = {
            "delta": 10 ** draw.uniform(-4, 1),
            "epsilon": draw.choice([0.0, 10 ** draw.uniform(-4, 1)]),
            "beta": 10 ** draw.uniform(-1, 2),
            "q": draw.randrange(6),
            "p": draw.uniform(0.01, 0.99),
        }
        cases.append((values, draw.randrange(60)))
    ramps: list[tuple[dict[str, Any], int]] = [
        ({"start": 10 ** draw.uniform(-4, 1), "end": 10 ** draw.uniform(-4, 1), "levels": 1 + draw.randrange(20)}, m)
        for m in range(25)
    ]
    with visit(browser, there) as page:
        page.goto(f"{there}/login")
        run = """async ([cases, ramps]) => {
            const m = await import("/static/s-cyc.js");
            return [cases.map(one => m.sCyc(...one)), ramps.map(one => m.linear(...one)),
                    ramps.map(one => m.exponential(...one))];
        }"""
        found = page.evaluate(run, [cases, ramps])
    known = [
        [SCyc(**values)(level) for values, level in cases],
        [LinearRamp(**values)(level) for values, level in ramps],
        [ExponentialRamp(**values)(level) for values, level in ramps],
    ]
    for ours, theirs in zip(known, found, strict=True):
        assert all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(ours, theirs, strict=True))


def test_moving_a_slider_changes_curve_verdict_code_and_address(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, "document.getElementById('sentence').textContent !== ''")
        before = page.locator("#sentence").text_content()
        page.get_by_label("δ, max_lr of the dense network").first.focus()
        page.keyboard.press("End")
        delta = 0.4  # the largest candidate
        until(page, f"Math.abs({TRIED}[0] - {delta}) < 1e-9")
        until(page, f"document.getElementById('code').textContent.includes('delta={delta}')")
        assert page.locator("#sentence").text_content() != before
        assert f"s-cyc:delta={delta}" in (page.locator("#command").text_content() or "")
        assert f"schedule=s-cyc:delta={delta}" in page.url
        drawn = page.evaluate(TRIED)
        page.reload()
        until(page, f"{TRIED} !== undefined")
        assert page.evaluate(TRIED) == drawn


def test_a_typed_value_counts_and_one_that_makes_no_sense_does_not(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, "document.getElementById('sentence').textContent !== ''")
        typed = page.locator("#sliders input[type=number]").first
        typed.fill("0.25")
        typed.press("Enter")
        until(page, f"{TRIED}?.[0] === 0.25")
        typed.fill("-1")
        typed.press("Tab")
        assert typed.input_value() == "0.25"
        page.locator("#slide-q").focus()
        page.keyboard.press("End")
        until(page, "location.search.includes('q=2')")


def test_a_ramp_can_be_moved_by_its_ends(browser: Browser, there: str) -> None:
    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, "document.getElementById('sentence').textContent !== ''")
        page.get_by_label("Start with").select_option("linear")
        page.locator("#slide-end").focus()
        page.keyboard.press("Home")
        until(page, "document.getElementById('code').textContent.includes('end=0.1')")
        assert "linear:start=" in page.url
        page.go_back()
        page.locator("#slide-beta").wait_for()


def test_the_newest_verdict_wins_and_only_one_is_asked_for_at_a_time(browser: Browser, there: str) -> None:
    asked: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route.request.url)
        held.append(route)

    with visit(browser, there) as page:
        page.goto(there + ADDRESS)
        until(page, "document.getElementById('sentence').textContent !== ''")
        page.route("**/verdict?**", hold)
        slider = page.locator("#slide-epsilon")
        slider.focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(200)
        assert len(asked) == 1
        held.pop().continue_()
        for _ in range(500):
            if held:
                break
            page.wait_for_timeout(20)
        assert len(asked) == 2
        held.pop().continue_()
        until(page, "!document.getElementById('verdict').classList.contains('old')")
        epsilon = page.locator("#sliders input[type=number]").nth(1).input_value()
        assert f"epsilon={epsilon}" in (page.locator("#code").text_content() or "")
