"""The figures of the page on a comparison, by name. To add one, write a module that makes its plate, and a row here.

Those of the page on a sweep are in `oracle.report.figures`; a name is used once in both.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.comparison import Comparison
    from oracle.report.plate import Plate

COMPARISON_FIGURES: Mapping[str, str] = {
    "schedules": "oracle.report.comparison.schedules:plate",
    "accuracy": "oracle.report.comparison.accuracy:plate",
    "cost": "oracle.report.comparison.cost:plate",
    "fit": "oracle.report.comparison.fitted:plate",
    "surface": "oracle.report.comparison.surface:plate",
    "gradients": "oracle.report.comparison.gradients:plate",
}
"""The functions that make their plates, in reading order."""


def plate(name: str, comparison: Comparison) -> Plate:
    """Return one figure of a comparison.

    Raises:
        KeyError: there is none of that name.
    """
    made: Plate = resolve_name(COMPARISON_FIGURES[name])(comparison)
    return made


def plates(comparison: Comparison) -> dict[str, Plate]:
    """Return all figures of a comparison by name, in reading order."""
    return {name: plate(name, comparison) for name in COMPARISON_FIGURES}
