"""Tiles: what every candidate of every level has, as colours over density and max_lr."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.report.style import Level, Trace


def usual_reach(levels: Iterable[Sequence[float]]) -> float:
    """Return half the candidates' usual spacing (log max_lr): how far a tile extends if no neighbour is nearer.

    Args:
        levels: the candidates of each level, ascending.
    """
    gaps = [math.log(after / before) for rates in levels for before, after in pairwise(rates)]
    return (median(gaps) if gaps else math.log(1.5)) / 2


def column(
    level: Level, rates: Sequence[float], values: Sequence[float], texts: Sequence[str], reach: float, step: float
) -> Trace:
    """Return one level's tiles. Levels may differ in their candidates; where a level has none, it stays empty.

    Args:
        level: its density is where they are.
        rates: its candidates, ascending, at least one.
        values: the colour of each.
        texts: what hovering over each says.
        reach: see `usual_reach`.
        step: ratio of a level's density to that of the level before.
    """
    edges: list[float] = []
    tiles: list[float | None] = []
    hovers: list[str] = []
    for value, text, (low, high) in zip(values, texts, _extents(rates, reach), strict=True):
        if edges and low > edges[-1] * (1 + 1e-9):
            edges.append(low)
            tiles.append(None)
            hovers.append("")
        edges += [high] if edges else [low, high]
        tiles.append(value)
        hovers.append(text)
    return {
        "type": "heatmap",
        "x": [level.density * step**-0.5, level.density * step**0.5],
        "y": edges,
        "z": [[tile] for tile in tiles],
        "text": [[hover] for hover in hovers],
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
        "coloraxis": "coloraxis",
        "xgap": 1.5,
        "ygap": 1.5,
    }


def _extents(rates: Sequence[float], reach: float) -> list[tuple[float, float]]:
    """Return each candidate's tile: half way to a neighbour if there is one nearby, otherwise as far as `reach`."""
    spread = math.exp(reach)
    meetings = [
        (math.sqrt(a * b),) * 2 if b / a < spread**2.5 else (a * spread, b / spread) for a, b in pairwise(rates)
    ]
    lows = [rates[0] / spread, *(low for _, low in meetings)]
    highs = [*(high for high, _ in meetings), rates[-1] * spread]
    return list(zip(lows, highs, strict=True))
