"""How far the fit would move with other seeds: the bootstrap over seeds.

Seeds are drawn with replacement, the same for all levels and candidates, since these are paired. For each draw, winners
and intervals are found again, and S-Cyc is fitted to them. One thing stays fixed: each level's candidates were trained
from the real winners of the level before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison.levels import competing, winner_of
from oracle.comparison.objective import targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.families import SCycFamily
    from oracle.comparison.levels import OracleLevel
    from oracle.results.intervals.rule import Judge

REFITS = 200

FEWEST_SEEDS = 3
"""Two seeds have three different resamples: no 95 % interval can be had from those."""

_SEED = 20211017
"""Seed of the random numbers. Any would do, but it must stay the same."""

_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Bootstrap:
    """95 % percentile intervals over the refits.

    Attributes:
        parameters: of each parameter of S-Cyc, by name.
        band: of the fitted `max_lr` at each level.
        different: how many different resamples there were; few seeds have few.
    """

    parameters: dict[str, tuple[float, float]]
    band: tuple[tuple[float, float], ...]
    different: int


def bootstrap(
    levels: Sequence[OracleLevel], family: SCycFamily, judge: Judge, refits: int = REFITS
) -> Bootstrap | None:
    """Return how far S-Cyc's parameters and curve move over resampled seeds.

    Args:
        levels: ascending, all with the same seeds.
        family: S-Cyc at the study's pruning rate.
        judge: the rule that the levels' intervals came from. A resample repeats seeds, so intervals by a rule that
            estimates the noise from the seeds come out narrower than they were.
        refits: number of resamples, >= 1.

    Returns:
        The intervals; None with fewer than `FEWEST_SEEDS` seeds.
    """
    seeds = levels[0].seeds
    if seeds < FEWEST_SEEDS:
        return None
    draws = np.sort(np.random.default_rng(_SEED).integers(seeds, size=(refits, seeds)), axis=1)
    different, of_draw = np.unique(draws, axis=0, return_inverse=True)
    aims = targets(*(_resampled(levels, draw, judge) for draw in different.tolist()))
    parameters = family.fit(aims)[0]
    curves = np.exp(family(parameters, aims.levels)[0])[of_draw]
    named = [family.named(parameters[i]) for i in of_draw]
    return Bootstrap(
        parameters={name: _percentiles([one[name] for one in named]) for name in named[0]},
        band=tuple(_percentiles(at_level) for at_level in curves.T.tolist()),
        different=len(different),
    )


def _resampled(levels: Sequence[OracleLevel], draw: Sequence[int], judge: Judge) -> list[OracleLevel]:
    """Return the levels as these seeds would have shown them. Levels without an interval still have none."""
    drawn = []
    for level in levels:
        accuracies = {max_lr: [values[seed] for seed in draw] for max_lr, values in level.accuracies.items()}
        drawn.append(replace(level, winner=winner_of(competing(level, draw)), accuracies=accuracies))
    judged = [level for level in drawn if level.interval is not None]
    found = {level.level: interval for level, interval in zip(judged, judge(judged), strict=True)}
    return [replace(level, interval=found.get(level.level)) for level in drawn]


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    # Observed values, not interpolated ones: q is a whole number.
    low, high = np.quantile(values, _TAILS, method="inverted_cdf").tolist()
    return low, high
