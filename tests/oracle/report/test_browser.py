"""The report in a real browser: it draws, stays within the window and asks nobody for anything."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from oracle.api.writing import write_page
from oracle.report import render
from oracle.report.figures import plates
from tests.oracle.report import samples
from tests.oracle.report.browsing import cut_or_overlapping, settle, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from oracle.results.study_view import StudyView

STUDIES = {
    "finished": samples.finished(),
    "running": samples.running(),
    "every mark": samples.open_ended(),
    "race": samples.raced(),
    "hostile": dataclasses.replace(samples.running(), name="</script><b id=injected>" + "x" * 200),
}


@pytest.mark.parametrize("view", STUDIES.values(), ids=STUDIES)
def test_the_report_draws_offline_and_fits(browser: Browser, tmp_path: Path, view: StudyView) -> None:
    write_page(render(view), tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))

    page.goto((tmp_path / "report.html").as_uri())

    assert page.locator(".plot").count() == len(plates(view))
    assert page.locator(".js-plotly-plot svg.main-svg").first.is_visible()
    assert page.evaluate("[...document.querySelectorAll('.plot')].every(p => p.querySelector('svg .xy'))")
    assert page.locator("#injected").count() == 0
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert cut_or_overlapping(page) == []
    assert {url.split(":")[0] for url in requests} <= {"file", "data"}
    assert complaints == []
    page.close()


def test_hovering_a_winner_gives_its_numbers(browser: Browser, tmp_path: Path) -> None:
    view = samples.finished()
    write_page(render(view), tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate(
        """() => {
            const plot = document.getElementById("plot-curve");
            const winners = plot.data.findIndex(trace => trace.name.startsWith("oracle"));
            Plotly.Fx.hover(plot, [{curveNumber: winners, pointNumber: 3}]);
        }"""
    )
    page.wait_for_selector("#plot-curve .hovertext")
    label = page.locator("#plot-curve .hovertext").text_content()
    assert label is not None
    assert "level 3" in label
    assert "0.241" in label
    page.close()


def test_the_report_prints_within_the_paper(browser: Browser, tmp_path: Path) -> None:
    write_page(render(samples.finished()), tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate(
        """() => addEventListener("beforeprint", () => {
            window.printed = [...document.querySelectorAll(".plot")].map(plot => plot._fullLayout.width);
        })"""
    )
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert page.evaluate("window.printed") == [680] * len(plates(samples.finished()))
    page.close()


def test_the_figures_have_the_colours_of_the_page(browser: Browser, tmp_path: Path) -> None:
    write_page(render(samples.finished()), tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    page.goto((tmp_path / "report.html").as_uri())

    def colours() -> list[str]:
        behind = "getComputedStyle(document.body).backgroundColor"
        drawn = "getComputedStyle(document.querySelector('#plot-curve .main-svg')).backgroundColor"
        text = "getComputedStyle(document.querySelector('#plot-curve .legendtext')).fill"
        found: list[str] = page.evaluate(f"[{behind}, {drawn}, {text}]")
        return found

    dark = colours()
    assert dark[0] == dark[1] != "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")
    until(
        page,
        "getComputedStyle(document.querySelector('#plot-curve .main-svg')).backgroundColor == 'rgb(255, 255, 255)'",
    )
    light = colours()
    assert light[0] == light[1]
    assert light[2] != dark[2]
    page.close()


def test_what_the_reader_switched_off_stays_off_when_the_window_changes(browser: Browser, tmp_path: Path) -> None:
    write_page(render(samples.finished()), tmp_path / "report.html")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "report.html").as_uri())
    winners = "document.getElementById('plot-curve').data.find(trace => trace.name.startsWith('oracle')).visible"
    page.locator("#plot-curve .traces", has_text="oracle's winner").locator(".legendtoggle").click()
    until(page, f"{winners} === 'legendonly'")
    page.set_viewport_size({"width": 390, "height": 900})
    settle(page)
    assert page.evaluate(winners) == "legendonly"
    page.close()
