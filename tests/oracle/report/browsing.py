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
    """Wait until all plots are as wide as their place."""
    off = "Math.max(...[...document.querySelectorAll('.plot')].map(p => Math.abs(p._fullLayout.width - p.clientWidth)))"
    until(page, f"{off} <= 1")


def until(page: Page, expression: str, seconds: float = 30.0) -> None:
    """Wait until an expression of JavaScript is true; the page's own policy rules out `wait_for_function`."""
    for _ in range(int(seconds / 0.05)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"It did not come true in {seconds:g} seconds: {expression}")


_CUT = """() => {
    const found = [];
    for (const plot of document.querySelectorAll(".plot")) {
        const frame = plot.getBoundingClientRect();
        const right = Math.min(frame.right, document.documentElement.clientWidth);
        for (const part of plot.querySelectorAll("svg text, svg .legend .bg, svg .trace path, svg .cbfills")) {
            const {left, right: end, top, bottom, width} = part.getBoundingClientRect();
            const across = left >= frame.left - 1 && end <= right + 1;
            const inside = across && top >= frame.top - 1 && bottom <= frame.bottom + 1;
            if (width && !inside && !part.closest("[clip-path]")) {
                found.push(`${plot.id}: ${part.textContent || part.tagName}`);
            }
        }
    }
    return found;
}"""

_OVERLAPPING = """() => {
    const found = [];
    for (const plot of document.querySelectorAll(".plot")) {
        const texts = [...plot.querySelectorAll("svg text")].filter(text => !text.closest(".xy, .xy2, .x2y"));
        const boxes = texts.map(text => text.getBoundingClientRect());
        boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            const both = `${plot.id}: ${texts[i].textContent} / ${texts[i + 1 + j].textContent}`;
            if (wide > 1 && high > 2) found.push(both);
        }));
    }
    return found;
}"""


def cut_or_overlapping(page: Page) -> list[str]:
    """The parts of figures that reach beyond their place or the window, and the texts that overlap each other."""
    return [*page.evaluate(_CUT), *page.evaluate(_OVERLAPPING)]
