"""What the model of the surface says of a schedule: what it loses, and how probable it is that this is little.

Regret is that against the best `max_lr` of each level. Nobody knows it, so each draw of the surface has its own. The
oracle's winners miss it too, and no schedule is below 0. Far from the top of a level the surface is what the candidates
have shown, so there the bands leave out the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.surface.curve import COVERAGE, TAIL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.spec.metric import MetricSpec
    from oracle.surface import Surface
    from oracle.surface.observations import Floats


@dataclass(frozen=True)
class Credible:
    """A regret by the model, a difference of scores: its mean over the draws, and the band that holds 90 % of them."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, regret: Floats) -> Credible:
        """Return it from a regret in every draw, shape (draws,)."""
        low, high = np.quantile(regret, (TAIL, 1 - TAIL)).tolist()
        return cls(float(regret.mean()), low, high)

    def band(self, metric: MetricSpec) -> str:
        """Return the band in words."""
        return f"{100 * COVERAGE:.0f} % band {metric.number(self.low)} to {metric.number(self.high)}"


@dataclass(frozen=True)
class Modelled:
    """A schedule by the model, over those levels where it stays within the range of the candidates.

    Attributes:
        tolerance: the loss that still counts as a hit.
        levels: number of these levels, >= 1.
        hits: at how many of them a hit is expected: the sum of the levels' probabilities.
        on_average: probability that the mean loss over these levels is no more than the tolerance.
        everywhere: probability that the loss is no more than the tolerance at all of these levels together.
        regret: the mean loss over these levels. Each draw has all levels, so errors that they share are in the band.
        examples: whether the band also holds for other validation examples. It does if it is on record how each was
            answered.
    """

    tolerance: float
    levels: int
    hits: float
    on_average: float
    everywhere: float
    regret: Credible
    examples: bool

    def sentence(self, metric: MetricSpec) -> str:
        """Return how probable a hit is, in plain words."""
        within = f"Within {metric.amount(self.tolerance)} of the best"
        if self.levels == 1:
            return f"{within} with a probability of {percent(self.hits)}, at one level"
        return (
            f"{within} at {self.hits:.1f} of {self.levels} levels, expected (at all of them: "
            f"{percent(self.everywhere)} probable; on average over them: {percent(self.on_average)})"
        )


def modelled(surface: Surface, max_lrs: Mapping[int, float], tolerance: float) -> Modelled | None:
    """Return what the model says of a schedule; None if it leaves the candidates' range at every level.

    Args:
        surface: fitted to the levels.
        max_lrs: the schedule, by level.
        tolerance: the loss that still counts as a hit, > 0.
    """
    drawn = [surface.regret_at(level, max_lr) for level, max_lr in max_lrs.items()]
    if not (known := [regret for regret in drawn if regret is not None]):
        return None
    regret = np.array(known)
    hit, mean = regret <= tolerance, regret.mean(axis=0)
    return Modelled(
        tolerance=tolerance,
        levels=len(regret),
        hits=float(hit.mean(axis=1).sum()),
        on_average=float((mean <= tolerance).mean()),
        everywhere=float(hit.all(axis=0).mean()),
        regret=Credible.of(mean),
        examples=surface.judged_together,
    )


def percent(probability: float) -> str:
    """Return a probability in percent. A thousand draws do not tell one that is nearly 0 or 1 from 0 or 1."""
    if probability < 0.01:
        return "under 1 %"
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"
