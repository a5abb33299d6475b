"""What candidates would have reached on the seeds that a search spared them: candidate + seed, by least squares."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Scores = dict[float, list[float]]
Trained = dict[float, tuple[bool, ...]]


def filled_in(
    found: Mapping[float, Mapping[int, float]],
    diverged: Collection[float] = (),
    bounds: tuple[float, float] = (0.0, 1.0),
) -> tuple[Scores, Trained]:
    """Return the scores of a level's candidates on all of its seeds, and which of these are from trainings.

    Args:
        found: by `max_lr` and seed, scores; each candidate has one at least.
        diverged: candidates that diverged. Their scores say nothing of a seed, so they count with their own mean.
        bounds: the lowest and the highest score that there is; by default those of an accuracy.

    Returns:
        By `max_lr`, one value per seed, seeds ascending; the second is empty if there is nothing to fill in.
    """
    seeds = sorted({seed for by_seed in found.values() for seed in by_seed})
    trained = {rate: tuple(seed in by_seed for seed in seeds) for rate, by_seed in found.items()}
    if all(all(each) for each in trained.values()):
        return {rate: [by_seed[seed] for seed in seeds] for rate, by_seed in found.items()}, {}
    import numpy as np  # a grid has no gaps, and needs none

    from oracle.surface.two_way import filled

    sound = [rate for rate in found if rate not in diverged]
    scores = {rate: [by_seed.get(seed, fmean(by_seed.values())) for seed in seeds] for rate, by_seed in found.items()}
    if sound:
        table = np.array([[found[rate].get(seed, math.nan) for seed in seeds] for rate in sound])
        fitted = np.clip(filled(table), *bounds)
        scores |= dict(zip(sound, fitted.tolist(), strict=True))
    return scores, trained
