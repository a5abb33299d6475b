"""The fit of S-Cyc to an oracle: its parameters, how sure they are, and whether a simpler schedule would do.

The papers do not say how (delta, epsilon, beta, q) were found; this fit, like the surface that it aims at, is this
project's own. S-Cyc is fitted to the posterior of the best `max_lr`: once to its mean, which gives the schedule, and
once to each of many draws, which gives the error bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison.families import SCycFamily
from oracle.comparison.held_out import leave_one_out, sentences
from oracle.comparison.identifiability import Rise, identify, percentiles
from oracle.comparison.levels import in_order
from oracle.comparison.rivals import Exponential, families
from oracle.comparison.targets import Range, posterior_targets
from oracle.surface import fit_surface
from scyc import InputError, SCyc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.held_out import HeldOut
    from oracle.comparison.levels import OracleLevel
    from oracle.comparison.targets import Floats, Targets
    from oracle.surface import Surface

FEWEST_LEVELS = 3
"""Two levels cannot show a curve."""

REFITS = 200
"""Draws of the posterior that S-Cyc is fitted to."""


@dataclass(frozen=True)
class Fit:
    """S-Cyc fitted to an oracle.

    Attributes:
        schedule: the fitted schedule, at the study's pruning rate.
        levels: the levels it was fitted to, ascending.
        max_lr: the fitted curve at these levels.
        target: the posterior mean (of the logarithm) of the best `max_lr` at these levels, to which it was fitted.
        target_band: 95 % interval of the best `max_lr` over the posterior, each level by itself.
        misfit: squared distance of the curve to the target, in standard deviations of the posterior.
        errors: 95 % intervals of delta, epsilon, beta and q over the posterior.
        band: 95 % interval of the fitted curve over the posterior, each level by itself.
        rise: how many times as large the best `max_lr` is at the last level as at the first.
        identified: whether the levels determine delta, epsilon, beta and q, by name.
        held_out: S-Cyc and its rivals, S-Cyc first.
        sentences: what a reader must know about all this, in plain words.
    """

    schedule: SCyc
    levels: tuple[int, ...]
    max_lr: tuple[float, ...]
    target: tuple[float, ...]
    target_band: tuple[tuple[float, float], ...]
    misfit: float
    errors: Mapping[str, tuple[float, float]]
    band: tuple[tuple[float, float], ...]
    rise: Rise
    identified: Mapping[str, bool]
    held_out: tuple[HeldOut, ...]
    sentences: tuple[str, ...]

    @property
    def weights(self) -> dict[str, float]:
        """The posterior probability of each family."""
        return {row.family: row.weight for row in self.held_out}


def fit_scyc(levels: Sequence[OracleLevel], p: float, refits: int = REFITS) -> Fit:
    """Fit S-Cyc to the oracle's levels and say how far the result can be relied on.

    A pure function: the same levels give the same result.

    Args:
        levels: decided levels, three or more, in any order, all with the same seeds.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.
        refits: number of draws that the error bars come from, >= 1.

    Raises:
        InputError: there are too few levels, one occurs twice, their seeds differ, or p is outside its range.
    """
    levels = in_order(levels, FEWEST_LEVELS)
    if not 0 < p < 1:
        raise InputError(f"S-Cyc needs p to be between 0 and 1, both excluded, but it is {p!r}.")
    surface = fit_surface(levels)
    reach, ends = Range.of(levels), (float(levels[0].level), float(levels[-1].level))
    aim, draws = posterior_targets(surface, reach, refits)
    family = SCycFamily(p, reach)
    parameters, costs = family.fit(aim)
    named = family.named(parameters[0])
    refitted, _ = family.fit(draws)
    drawn = [family.named(one) for one in refitted]
    errors = {name: percentiles([one[name] for one in drawn]) for name in named}
    curves = family(refitted, aim.levels)[0]
    rise = _rise(Exponential(p, reach, ends), draws)
    known = identify(named, errors, rise)
    held_out = leave_one_out(families(p, reach, ends), aim)
    schedule = SCyc(named["delta"], named["epsilon"], named["beta"], int(named["q"]), p)
    return Fit(
        schedule=schedule,
        levels=tuple(level.level for level in levels),
        max_lr=tuple(schedule(level.level) for level in levels),
        target=tuple(np.exp(aim.centre[0]).tolist()),
        target_band=_band(draws.centre),
        misfit=float(costs[0]),
        errors=errors,
        band=_band(curves),
        rise=rise,
        identified=known.identified,
        held_out=held_out,
        sentences=(_on_rise(rise), *known.sentences, _on_errors(surface), *sentences(held_out)),
    )


def _band(log_max_lr: Floats) -> tuple[tuple[float, float], ...]:
    """Return the 95 % interval at each level, from draws of shape (draws, levels)."""
    return tuple(percentiles(at_level) for at_level in np.exp(log_max_lr).T.tolist())


def _rise(line: Exponential, draws: Targets) -> Rise:
    ends = line.fit(draws)[0]
    factors = np.exp(ends[:, 1] - ends[:, 0])
    low, high = percentiles(factors.tolist())
    return Rise(float(np.median(factors)), low, high)


def _on_rise(rise: Rise) -> str:
    interval = f"{rise.factor:.2f} times as large at the last level as at the first (95 % interval {rise.low:.2f} to "
    trend = f"By a straight line, the best max_lr is {interval}{rise.high:.2f})"
    if rise.told or rise.fall_told:
        return f"{trend}: it {'rises' if rise.told else 'falls'}."
    return f"{trend}: neither a rise nor a fall can be told."


def _on_errors(surface: Surface) -> str:
    without = (
        ""
        if surface.judged_together
        else " They do not include what other validation examples would change, because the trials' answers are not on "
        "record, so they are too narrow."
    )
    return (
        "The error bars are 95 % intervals over the posterior of the best max_lr, each parameter and level by itself; "
        f"they take S-Cyc's shape for granted.{without}"
    )
