"""The best `max_lr` of a study's levels by the surface, with its bands: what everything that is shown says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from oracle.results.intervals import DecidedLevel
    from oracle.surface.curve import Word

NOT_SHOWN = "These data do not show where the best max_lr lies: at no level is it known to within a factor of two."
"""What is said instead of drawing a curve."""


@dataclass(frozen=True)
class LevelBest:
    """The best `max_lr` of a level.

    Attributes:
        best: the value with the lowest expected regret.
        low: lower end of the band that holds the best of this level with 90 %.
        high: its upper end.
        low_everywhere: lower end, at this level, of the band that holds the best of all levels at once with 90 %.
        high_everywhere: its upper end.
        word: how well it is known: "resolved", "tied" or "open"; see `oracle.surface.LevelWord`.
        difference: the values between `low` and `high` differ by no more than this, with 95 %; a difference of scores.
    """

    best: float
    low: float
    high: float
    low_everywhere: float
    high_everywhere: float
    word: Word
    difference: float


@dataclass(frozen=True)
class StudyBest:
    """The best `max_lr` of the levels of a study that have a winner.

    Attributes:
        levels: by level.
        shown: whether there is a curve to draw: at one level at least it is resolved.
        judged_together: whether the bands hold for other validation examples too, because the trials' answers are on
            record.
        draws: by level, log `max_lr` of the best in each draw of the posterior; the draws of all levels go together.
    """

    levels: Mapping[int, LevelBest]
    shown: bool
    judged_together: bool
    draws: Mapping[int, NDArray[np.float64]]

    def ratio(self, first: int, last: int) -> tuple[float, float, float]:
        """Return by what factor the best `max_lr` of one level is that of another: median and 95 % interval.

        A band can reach further than the draws, to a candidate before a collapse. Then the interval does so too.

        Returns:
            Lower end, median, upper end. The levels differ clearly where 1 is not between the ends.
        """
        import numpy as np

        (first_low, from_, first_high), (last_low, to, last_high) = self._ends(first), self._ends(last)
        low, high = np.quantile(last_low - first_high, 0.025), np.quantile(last_high - first_low, 0.975)
        return float(np.exp(low)), float(np.exp(np.median(to - from_))), float(np.exp(high))

    def _ends(self, level: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the draws of a level as far down as its band reaches, as they are, and as far up."""
        import numpy as np

        draws, band = self.draws[level], self.levels[level]
        low, high = np.quantile(draws, (0.025, 0.975))
        down, up = (np.full_like(draws, np.log(end)) for end in (band.low, band.high))
        return down if down[0] < low else draws, draws, up if up[0] > high else draws


def study_best(levels: Sequence[DecidedLevel]) -> StudyBest:
    """Return the best `max_lr` of decided levels. The first time takes a moment (`oracle.surface.fit_surface`)."""
    seen = [level for level in levels if level.has_winner]
    if not seen:
        return StudyBest({}, shown=False, judged_together=False, draws={})
    from oracle.surface import best_curve, fit_surface  # scipy, which looking at a study's state does not need

    curve, draws = best_curve(surface := fit_surface(seen)), surface.best()
    found = {
        level: LevelBest(
            curve.max_lr[place],
            curve.low[place],
            curve.high[place],
            curve.low_everywhere[place],
            curve.high_everywhere[place],
            curve.words[place].word,
            curve.words[place].difference,
        )
        for place, level in enumerate(curve.levels)
    }
    return StudyBest(
        found, curve.shown, surface.judged_together, {level: draws[:, i] for i, level in enumerate(curve.levels)}
    )
