"""A figure of the comparison with what stands under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.report.comparison.table import Table
    from oracle.report.style import Figure


@dataclass(frozen=True)
class Panel:
    """A figure, its caption and its numbers.

    Attributes:
        key: its name in addresses and file names.
        title: its heading.
        figure: Plotly JSON; None when there is nothing to draw yet.
        caption: how to read it, or what to run to have it.
        tables: what the figure shows, in numbers; without a figure there are none.
        sentences: what is claimed beside it, over the figure.
    """

    key: str
    title: str
    figure: Figure | None
    caption: str
    tables: tuple[Table, ...] = ()
    sentences: tuple[str, ...] = ()
