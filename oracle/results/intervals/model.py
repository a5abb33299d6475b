"""The rule `model`: a `max_lr` is as good as the best if the surface, fitted to all levels together, says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.results.intervals.interval import Interval
from oracle.results.intervals.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals.rule import DecidedLevel


def model(levels: Sequence[DecidedLevel], tolerance: float) -> list[Interval | None]:
    """Return the intervals of the levels by one surface fitted to all of them (`oracle.surface`).

    Args:
        levels: decided levels, all with the same number of seeds.
        tolerance: a difference of scores, > 0.

    Returns:
        The medians over the posterior; None for a level with fewer than two candidates.
    """
    if not levels:
        return []
    from oracle.surface import fit_surface  # scipy, which those who only list the rules do not need

    found = dict(zip((surface := fit_surface(levels)).levels, surface.intervals(tolerance), strict=True))
    return [
        None if one is None else Interval(one.low, one.high, one.low_open, one.high_open)
        for one in (found[level.level] for level in levels)
    ]


MODEL = Rule(
    model,
    "the range of max_lr whose validation {metric} is at most {margin} {lower} than the best, by one smooth surface "
    "over log max_lr and level that is fitted to all levels together",
    needs="two candidates or more",
    tolerant=True,
    modelled=True,
)
