"""Drawing the best `max_lr` by the surface over density: the curve and its two bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.report.intervals import band
from oracle.report.style import BLUE, Level, Trace
from oracle.results.best import NOT_SHOWN
from oracle.results.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.results.best import StudyBest

_MARKS = {"resolved": "circle", "tied": "circle-open", "open": "triangle-up-open"}
"""How each word is drawn on the curve."""


def bands(best: StudyBest, levels: Sequence[Level]) -> list[Trace]:
    """Return the band of all levels at once, and on it that of each level by itself."""
    found = [best.levels.get(level.level) for level in levels]
    everywhere = [Interval(one.low_everywhere, one.high_everywhere) if one else None for one in found]
    alone = [Interval(one.low, one.high) if one else None for one in found]
    return [
        *band("90 % band, all levels at once", levels, everywhere, BLUE, rank=3, opacity=0.2),
        *band("90 % band, each level by itself", levels, alone, BLUE, rank=2, opacity=0.35),
    ]


def curve(best: StudyBest, levels: Sequence[Level], texts: Sequence[str]) -> list[Trace]:
    """Return the curve of the best `max_lr`; nothing if these data do not show where it lies.

    Args:
        best: of the study.
        levels: the levels that the figure shows.
        texts: what to say of each of them where the mouse points.
    """
    if not best.shown:
        return []
    known = [
        (level, best.levels[level.level], text)
        for level, text in zip(levels, texts, strict=True)
        if level.level in best.levels
    ]
    return [
        {
            "name": "best max_lr (model)",
            "legendrank": 1,
            "type": "scatter",
            "mode": "lines+markers",
            "x": [level.density for level, _, _ in known],
            "y": [one.best for _, one, _ in known],
            "text": [text for _, _, text in known],
            "hovertemplate": "%{text}<extra></extra>",
            "line": {"color": BLUE, "width": 2.5},
            "marker": {
                "color": BLUE,
                "size": 8,
                "symbol": [_MARKS[one.word] for _, one, _ in known],
                "line": {"color": ["white" if one.word == "resolved" else BLUE for _, one, _ in known], "width": 1.5},
            },
        }
    ]


def read(best: StudyBest) -> Iterator[str]:
    """Return how to read the curve and its bands, for a caption."""
    if not best.levels:
        return
    if best.shown:
        yield "The line is the best by a model: one smooth surface, fitted to all candidates of all levels together."
        words = {one.word for one in best.levels.values()}
        if words - {"resolved"}:
            yield (
                "A filled mark is a level where it is known to within a factor of two, a hollow circle one where more "
                "values tie, and a hollow triangle one where the candidates end first."
            )
    else:
        yield f"{NOT_SHOWN} So no line is drawn; the bands are by a model, one smooth surface over all candidates."
    count = len(best.levels)
    outside = f": on average {count / 10:g} of {count} levels lie outside it" if count > 1 else ""
    yield f"The dark band holds the best with a probability of 90\u202f%, each level by itself{outside}."
    yield "The light band holds the best of all levels at once with 90\u202f%."
    yield (
        "Both allow for other seeds and for other validation examples."
        if best.judged_together
        else "Both allow for other seeds, but not for other validation examples, because it is not on record how each "
        "was answered."
    )
