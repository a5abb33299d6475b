"""The tables under the figures: what is drawn, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.report import words

if TYPE_CHECKING:
    from oracle.spec.metric import MetricSpec

_LONG = 8
"""A table with more rows or columns than this is folded away."""


@dataclass(frozen=True)
class Cell:
    """One entry of a table.

    Attributes:
        text: what people read.
        value: the number without rounding, which the page keeps beside the text; None if there is none.
    """

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: what the table shows.
        columns: the columns' headings; the first column names the rows.
        rows: the rows from top to bottom, each as long as `columns`.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def long(self) -> bool:
        """Whether the page should fold it away."""
        return max(len(self.rows), len(self.columns)) > _LONG


def whole(number: float | None) -> Cell:
    """Return the entry for a count, a level or a number of epochs."""
    return Cell(words.NOTHING) if number is None else Cell(f"{round(number, 1):,.10g}", number)


def density(fraction: float) -> Cell:
    """Return the entry for a density."""
    return Cell(words.density(fraction), fraction)


def rate(max_lr: float | None) -> Cell:
    """Return the entry for a `max_lr`."""
    return Cell(words.NOTHING) if max_lr is None else Cell(words.rate(max_lr), max_lr)


def plain(number: float | None) -> Cell:
    """Return the entry for a ratio or a correlation."""
    return Cell(words.NOTHING) if number is None else Cell(f"{number:.2f}".replace("-", "−"), number)


def percent(probability: float) -> Cell:
    """Return the entry for a probability."""
    return Cell(f"{100 * probability:.0f}\u202f%", probability)


def score(score: float | None, metric: MetricSpec) -> Cell:
    """Return the entry for a score: the value that has it."""
    value = None if score is None else metric.value(score)
    return Cell(metric.write(value, more=1), value)


def loss(difference: float | None, metric: MetricSpec) -> Cell:
    """Return the entry for how much worse something is, in the metric's unit."""
    return Cell(words.loss(difference, metric), difference)
