"""A figure of a page, with its heading, caption and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.report.comparison.table import Table
    from oracle.report.style import Figure
    from oracle.results.level_view import LevelView
    from oracle.results.study_view import StudyView


@dataclass(frozen=True)
class Plate:
    """A figure with its heading, its caption and its numbers.

    Attributes:
        title: the heading.
        figure: Plotly JSON; None if there is nothing to draw yet.
        caption: how to read the figure, or why there is none.
        tables: what the figure shows, in numbers; none without a figure.
        sentences: what the figure shows, in words; the page puts them above it.
    """

    title: str
    figure: Figure | None
    caption: str
    tables: tuple[Table, ...] = ()
    sentences: tuple[str, ...] = ()


def shown_levels(view: StudyView) -> list[LevelView]:
    """Return the levels of a study that have something to show; all of its figures show the same levels."""
    return [level for level in view.levels if level.candidates or level.chosen is not None]


def no_winner(levels: Sequence[LevelView]) -> str:
    """Return why there is no winner to draw, without the full stop."""
    return "No level has a winner" if any(level.silence for level in levels) else "No level is decided yet"
