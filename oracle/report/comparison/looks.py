"""How each schedule looks in every figure of a comparison: always the same colour, dashes and marker.

The main schedules are drawn thick. The others are thin; up to 28 of them can be told apart by marker and colour, or in
black and white by marker and dashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.comparison.contenders import FITTED
from oracle.report.style import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY, VERMILLION
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oracle.comparison import Comparison


@dataclass(frozen=True)
class Look:
    """How a schedule is drawn.

    Attributes:
        colour: of line and marker, #rrggbb.
        dash: of the line, in Plotly's words.
        symbol: of the marker, in Plotly's words.
        width: of the line in pixels.
        size: of the marker in pixels.
        rank: of its legend entry, ascending.
        on_top: the higher, the later it is drawn.
    """

    colour: str
    dash: str
    symbol: str
    width: float
    size: float
    rank: int
    on_top: int = 0


EMPHASISED = {
    ORACLE: Look(BLUE, "solid", "circle", 3.5, 8, 1, on_top=1),
    FITTED: Look(VERMILLION, "dash", "diamond", 2.5, 8, 2, on_top=2),
    "s-cyc": Look(GREEN, "dashdot", "square", 2.5, 7, 3, on_top=3),
    "constant": Look(INK, "dot", "triangle-up", 2.5, 8, 4, on_top=4),
}
"""The main schedules. Dashes lie on top of the oracle's solid line, so that both show where they agree."""

_COLOURS = (PURPLE, ORANGE, SKY, MUTED)
_DASHES = ("solid", "dash", "dot", "dashdot")
_SYMBOLS = (
    "triangle-down-open",
    "square-open",
    "diamond-open",
    "circle-open",
    "cross-open",
    "star-open",
    "hexagon-open",
)


def looks(comparison: Comparison) -> dict[str, Look]:
    """Return the look of every schedule and every run of the comparison, by name, in the order of the legend."""
    names = list(dict.fromkeys([ORACLE, *comparison.schedules, *comparison.runs]))
    others = [name for name in names if name not in EMPHASISED]
    known = {name: look for name, look in EMPHASISED.items() if name in names}
    return known | {name: _other(i) for i, name in enumerate(others)}


def bottom_up(names: Iterable[str], look: Mapping[str, Look]) -> list[str]:
    """Return the names in the order in which they are drawn."""
    return sorted(names, key=lambda name: look[name].on_top)


def _other(i: int) -> Look:
    # Marker and colour together repeat after 28, and so do marker and dashes.
    rounds, place = divmod(i, len(_SYMBOLS))
    dash = _DASHES[(rounds + place + place // len(_DASHES)) % len(_DASHES)]
    return Look(_COLOURS[i % len(_COLOURS)], dash, _SYMBOLS[place], 1.5, 6.5, 10 + i)
