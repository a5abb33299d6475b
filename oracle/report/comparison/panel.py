"""A figure of the comparison with what stands under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.report.figures import Plate

if TYPE_CHECKING:
    from oracle.report.comparison.table import Table


@dataclass(frozen=True)
class Panel(Plate):
    """A figure, its caption and its numbers.

    Attributes:
        tables: what the figure shows, in numbers; without a figure there are none.
        sentences: what is claimed beside it, over the figure.
    """

    tables: tuple[Table, ...] = ()
    sentences: tuple[str, ...] = ()
