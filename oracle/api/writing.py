"""Writing results to files: the report, a comparison with its figures, an analysis of signs."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scyc import InputError
from scyc.home import set_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oracle.comparison import Comparison
    from oracle.results.sign_analysis import Analysis
    from oracle.results.study_view import StudyView


def write_page(html: str, path: Path) -> None:
    """Write a page to a file; create its folder if it does not exist.

    Raises:
        InputError: the file cannot be written.
    """
    with _written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")


def write_comparison(comparison: Comparison, view: StudyView, folder: Path) -> str | None:
    """Write a comparison: comparison.json, report.html, and, if there is a browser, the figures as PNG and SVG.

    Returns:
        A full sentence that says why there are no images; None if there are.

    Raises:
        InputError: the folder cannot be written.
    """
    set_home()  # Kaleido cannot even be imported without
    from oracle.comparison import to_json
    from oracle.report.comparison import plates, render
    from oracle.report.comparison.images import NoImagesError, write_images

    with _written(folder):
        _write_json(to_json(comparison), folder / "comparison.json")
        (folder / "report.html").write_text(render(comparison, view), encoding="utf-8")
        try:
            write_images(plates(comparison), folder / "figures")
        except NoImagesError as error:
            return str(error)
    return None


def write_analysis(analysis: Analysis, folder: Path) -> Path:
    """Write an analysis of signs to analysis.json and analysis.html; return the page's path.

    Raises:
        InputError: the folder cannot be written.
    """
    from oracle.report.signs import page
    from oracle.results.sign_analysis import to_json

    with _written(folder):
        _write_json(to_json(analysis), folder / "analysis.json")
        (folder / "analysis.html").write_text(page(analysis), encoding="utf-8")
    return folder / "analysis.html"


def _write_json(values: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, allow_nan=False, indent=1), encoding="utf-8")


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
