"""Writing results to files: the report, a comparison with its figures, an analysis of signs.

Every file is whole at any time: one that cannot be written, or whose writer is killed, is still the former one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oracle.study.writing import write_text, writing
from scyc.home import set_home

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.comparison import Comparison
    from oracle.results.sign_analysis import Analysis
    from oracle.results.study_view import StudyView


def write_page(html: str, path: Path) -> None:
    """Write a page to a file; create its folder if it does not exist.

    Raises:
        InputError: the file cannot be written.
    """
    with writing(path):
        write_text(html, path)


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

    html = render(comparison, view)
    with writing(folder):
        _write_json(to_json(comparison), folder / "comparison.json")
        write_text(html, folder / "report.html")
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

    html = page(analysis)
    with writing(folder):
        _write_json(to_json(analysis), folder / "analysis.json")
        write_text(html, folder / "analysis.html")
    return folder / "analysis.html"


def _write_json(values: dict[str, Any], path: Path) -> None:
    write_text(json.dumps(values, allow_nan=False, indent=1), path)
