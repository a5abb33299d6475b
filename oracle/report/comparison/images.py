"""The figures as PNG and SVG files, drawn by Chrome or Chromium, which is started once for all of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from choreographer.errors import ChannelClosedError, DevtoolsProtocolError  # of the library under Kaleido
from kaleido import Kaleido
from kaleido.errors import (
    BrowserClosedError,
    BrowserFailedError,
    ChromeNotFoundError,
    JavascriptError,
    KaleidoError,
)

from oracle.study.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from oracle.report.plate import Plate
    from oracle.report.style import Figure

FORMATS = ("png", "svg")
WIDTH = 900
"""Width of the images, in the figures' own pixels."""

SHARPNESS = 2
"""Pixels of a PNG per pixel of the figure, for print."""

PATIENCE = 60.0
"""Seconds to wait for the browser."""


FAILURES = (
    BrowserClosedError,
    BrowserFailedError,
    ChannelClosedError,
    DevtoolsProtocolError,
    JavascriptError,
    KaleidoError,
    TimeoutError,
)
"""What the browser's end, or its refusal, may be raised as: that depends on how far it was."""


class NoImagesError(Exception):
    """The figures could not be drawn; the message is a full sentence that says why and what to do."""


def write_images(plates: Mapping[str, Plate], folder: Path) -> list[Path]:
    """Write every figure as PNG and SVG. Files of an earlier call are replaced once all are drawn.

    Those that are not drawn again are deleted: they would show another comparison.

    Args:
        plates: the figures by name, after which the files are named; those with nothing to draw have no files.
        folder: where to write; it is created if it does not exist.

    Returns:
        The files.

    Raises:
        NoImagesError: there is no Chrome or Chromium, or it failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / f"{name}.{kind}": plate.figure for name, plate in plates.items() for kind in FORMATS}
    try:
        _draw_all({path: figure for path, figure in files.items() if figure})
    except NoImagesError:
        _delete(files)
        raise
    _delete(path for path, figure in files.items() if not figure)
    return [path for path, figure in files.items() if figure]


def _draw_all(figures: Mapping[Path, Figure]) -> None:
    """Draw figures, each into a file; errors as above."""
    try:
        with ExitStack() as stack, ThreadPoolExecutor(max_workers=1) as thread:  # the caller may have an event loop
            orders = [
                _order(figure, path.suffix.removeprefix("."), stack.enter_context(replacing(path)))
                for path, figure in figures.items()
            ]
            thread.submit(_session, orders).result()
    except ChromeNotFoundError as error:
        raise NoImagesError(
            "The figures were not written as PNG and SVG: that needs Chrome or Chromium, and none was found; install "
            "one, run `kaleido_get_chrome`, or set BROWSER_PATH to its path."
        ) from error
    except FAILURES as error:
        raise NoImagesError(
            f"The figures were not written as PNG and SVG: the browser failed ({type(error).__name__}); set "
            "BROWSER_PATH to a Chrome or Chromium that starts without a display."
        ) from error


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _order(figure: Figure, kind: str, fresh: Path) -> dict[str, Any]:
    size = {"width": WIDTH, "height": figure["layout"]["height"], "scale": SHARPNESS if kind == "png" else 1}
    return {"fig": figure, "path": fresh, "opts": {"format": kind} | size}


def _session(orders: Sequence[dict[str, Any]]) -> None:
    asyncio.run(asyncio.wait_for(_draw(orders), PATIENCE))


async def _draw(orders: Sequence[dict[str, Any]]) -> None:
    # No figure contains mathematics, and MathJax would be fetched from the network.
    async with Kaleido(mathjax=False) as kaleido:
        await kaleido.write_fig_from_object(orders, cancel_on_error=True)
