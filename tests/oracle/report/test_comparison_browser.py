"""The page on a comparison in a real browser, and the figures as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.report.comparison import plates, render
from oracle.report.comparison.images import FAILURES, NoImagesError, write_images
from tests.oracle.report import samples
from tests.oracle.report.browsing import cut_or_overlapping, settle
from tests.oracle.report.comparisons import full, odd

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


def _open(browser: Browser, path: Path, complaints: list[str]) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: complaints.extend([] if request.url[:5] in ("file:", "data:") else [request.url])
    )
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("which", ["many", "partial"])
def test_the_page_draws_offline_and_fits(browser: Browser, tmp_path: Path, which: str) -> None:
    comparison = odd()[which]
    (tmp_path / "report.html").write_text(render(comparison, samples.finished(7)), encoding="utf-8")
    complaints: list[str] = []
    page = _open(browser, tmp_path / "report.html", complaints)
    assert page.locator(".plot").count() == sum(plate.figure is not None for plate in plates(comparison).values())
    assert page.evaluate("[...document.querySelectorAll('.plot')].every(p => p.querySelector('svg .xy'))")
    for width in (1280, 700, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert cut_or_overlapping(page) == []
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert complaints == []
    page.close()


def test_hovering_gives_the_numbers(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(full(), samples.finished(7)), encoding="utf-8")
    page = _open(browser, tmp_path / "report.html", [])
    page.evaluate(
        """() => {
            const plot = document.getElementById("plot-accuracy");
            const line = plot.data.findIndex(trace => trace.name === "s-cyc");
            Plotly.Fx.hover(plot, [{curveNumber: line, pointNumber: 3}]);
        }"""
    )
    page.wait_for_selector("#plot-accuracy .hovertext")
    label = page.locator("#plot-accuracy .hovertext").text_content() or ""
    level = full().runs["s-cyc"].levels[3]
    assert "level 3" in label
    assert f"{100 * level.score.mean:.1f}" in label
    assert level.regret is not None
    assert f"{100 * level.regret.mean:.2f}" in label
    page.close()


@pytest.mark.browser
def test_figures_are_written_as_png_and_svg(tmp_path: Path) -> None:
    drawn = plates(odd()["partial"])
    (tmp_path / "fit.png").write_text("of an earlier call")
    files = write_images(drawn, tmp_path)
    keys = {name for name, plate in drawn.items() if plate.figure}
    assert {path.name for path in tmp_path.iterdir()} == {f"{key}.{kind}" for key in keys for kind in ("png", "svg")}
    assert "fit" not in keys
    for path in files:
        start = path.read_bytes()[:200]
        assert start.startswith(b"\x89PNG") if path.suffix == ".png" else b"<svg" in start


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_however_a_browser_fails_it_is_said(
    failure: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise failure.__new__(failure)  # some want to be made of more than a text

    monkeypatch.setattr("oracle.report.comparison.images._session", fail)
    with pytest.raises(NoImagesError, match=f"the browser failed \\({failure.__name__}\\)"):
        write_images(plates(full()), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    with pytest.raises(NoImagesError, match="install one, run `kaleido_get_chrome`, or set BROWSER_PATH"):
        write_images(plates(full()), tmp_path)
    monkeypatch.setenv("BROWSER_PATH", "/bin/true")
    with pytest.raises(NoImagesError, match="the browser failed"):
        write_images(plates(full()), tmp_path)
