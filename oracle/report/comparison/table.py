"""The tables under the figures: what is drawn, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.report import words

_LONG = 8
"""More rows or columns than this are folded away."""


@dataclass(frozen=True)
class Cell:
    """What one cell shows.

    Attributes:
        text: for people.
        value: the number itself, which the page keeps with the text in full; None where there is none.
    """

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: what it holds.
        columns: their headings; the first column names the rows.
        rows: from top to bottom, all as long as `columns`.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def long(self) -> bool:
        """Whether the page should fold it away."""
        return max(len(self.rows), len(self.columns)) > _LONG


def whole(number: float | None) -> Cell:
    """Return the cell of a count, a level or an amount of epochs."""
    return Cell(words.NOTHING) if number is None else Cell(f"{round(number, 1):,.10g}", number)


def density(fraction: float) -> Cell:
    """Return the cell of a density."""
    return Cell(words.density(fraction), fraction)


def rate(max_lr: float | None) -> Cell:
    """Return the cell of a `max_lr`."""
    return Cell(words.NOTHING) if max_lr is None else Cell(words.rate(max_lr), max_lr)


def plain(number: float | None) -> Cell:
    """Return the cell of a ratio or a correlation."""
    return Cell(words.NOTHING) if number is None else Cell(f"{number:.2f}".replace("-", "−"), number)


def accuracy(fraction: float | None) -> Cell:
    """Return the cell of an accuracy."""
    return Cell(words.NOTHING) if fraction is None else Cell(f"{100 * fraction:.2f}\u202f%", fraction)


def points(fraction: float | None) -> Cell:
    """Return the cell of a difference of accuracies, in points."""
    return Cell(words.points(fraction), fraction)
