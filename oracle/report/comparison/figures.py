"""The figures of the page on a comparison, by name. To add one, write a module that makes its plate, and a row here.

Those of the page on a sweep are in `oracle.report.figures`; a name is used once in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.report.comparison import accuracy, cost, fitted, gradients, schedules, surface

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oracle.comparison import Comparison
    from oracle.report.plate import Plate

COMPARISON_FIGURES: Mapping[str, Callable[[Comparison], Plate]] = {
    "schedules": schedules.plate,
    "accuracy": accuracy.plate,
    "cost": cost.plate,
    "fit": fitted.plate,
    "surface": surface.plate,
    "gradients": gradients.plate,
}
"""In reading order."""


def plates(comparison: Comparison) -> dict[str, Plate]:
    """Return all figures of a comparison by name, in reading order."""
    return {name: draw(comparison) for name, draw in COMPARISON_FIGURES.items()}
