"""The figures of the page on a sweep, by name. To add one, write a module that makes its plate, and a row here.

Those of the page on a comparison are in `oracle.report.comparison.figures`; a name is used once in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.report import curve, heatmap, winners

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oracle.report.plate import Plate
    from oracle.results.study_view import StudyView

SWEEP_FIGURES: Mapping[str, Callable[[StudyView], Plate]] = {
    "curve": curve.plate,
    "heatmap": heatmap.plate,
    "winners": winners.plate,
}
"""In reading order."""


def plates(view: StudyView) -> dict[str, Plate]:
    """Return all figures of a study by name, in reading order."""
    return {name: draw(view) for name, draw in SWEEP_FIGURES.items()}
