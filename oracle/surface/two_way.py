"""The two-way layout of a level: candidates by seeds, and what is left when both are taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.surface.observations import Floats


def residuals(table: Floats) -> tuple[float, int]:
    """Return the sum of squares and the degrees of freedom that are left of the layout (candidate + seed).

    Args:
        table: accuracies, shape (candidates, seeds), each >= 1.
    """
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    candidates, seeds = table.shape
    return float((rest**2).sum()), (candidates - 1) * (seeds - 1)
