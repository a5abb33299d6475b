"""A figure of a page with what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.report.comparison.table import Table
    from oracle.report.style import Figure
    from oracle.results.study_view import LevelView, StudyView


@dataclass(frozen=True)
class Plate:
    """A figure with its heading, its caption and its numbers.

    Attributes:
        title: its heading.
        figure: Plotly JSON; None when there is nothing to draw yet.
        caption: how to read it, or why there is nothing to see.
        tables: what the figure shows, in numbers; without a figure there are none.
        sentences: what is claimed beside it, over the figure.
    """

    title: str
    figure: Figure | None
    caption: str
    tables: tuple[Table, ...] = ()
    sentences: tuple[str, ...] = ()


def shown_levels(view: StudyView) -> list[LevelView]:
    """Return the levels of a study that have something to show: all of its figures have the same ones."""
    return [level for level in view.levels if level.candidates or level.winner is not None]
