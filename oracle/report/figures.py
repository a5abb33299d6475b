"""The figures of the page on a sweep, by name. To add one, write a module that makes its plate, and a row here.

Those of the page on a comparison are in `oracle.report.comparison.figures`; a name is used once in both.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

from oracle.spec.search import RACING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.report.plate import Plate
    from oracle.results.study_view import StudyView

SWEEP_FIGURES: Mapping[str, str] = {
    "curve": "oracle.report.curve:plate",
    "heatmap": "oracle.report.heatmap:plate",
    "winners": "oracle.report.winners:plate",
    "spending": "oracle.report.spending:plate",
}
"""The functions that make their plates, in reading order."""

OF_RACES = frozenset({"spending"})
"""Those that are only on the page of a race."""


def plate(name: str, view: StudyView) -> Plate:
    """Return one figure of a study.

    Raises:
        KeyError: there is none of that name.
    """
    made: Plate = resolve_name(SWEEP_FIGURES[name])(view)
    return made


def plates(view: StudyView) -> dict[str, Plate]:
    """Return all figures that are on the page of a study, by name, in reading order."""
    race = view.spec.search.method == RACING
    return {name: plate(name, view) for name in SWEEP_FIGURES if race or name not in OF_RACES}
