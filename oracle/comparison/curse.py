"""The oracle's winner's curse: the best of many noisy candidates looks better than it is.

Estimated twice: by judging each seed by the winner that the other seeds choose, which costs nothing; and by training
the oracle's curve on seeds that had no part in the choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import ttest_ind

from oracle.comparison.surface import competing, winner_of
from oracle.comparison.trained import CONFIDENCE, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.surface import OracleLevel
    from oracle.results.run_view import RunView


@dataclass(frozen=True)
class LevelCurse:
    """How much the oracle's own choice flatters it at one level.

    Attributes:
        chosen: mean validation accuracy of the winner on the seeds that chose it.
        held_out: the same when each seed is judged by the winner that the others chose; None with one seed.
        fresh: mean validation accuracy of the oracle's curve on fresh seeds; None if it was not trained on any.
    """

    level: int
    density: float
    chosen: float
    held_out: float | None
    fresh: float | None


@dataclass(frozen=True)
class WinnersCurse:
    """The oracle's winner's curse.

    Attributes:
        held_out: chosen minus held out, mean over levels; None with one seed.
        fresh: chosen minus fresh, mean over levels, with an interval over both sets of seeds; None if the oracle's
            curve was not trained on fresh seeds.
    """

    levels: tuple[LevelCurse, ...]
    held_out: float | None
    fresh: Estimate | None
    sentence: str


def winners_curse(levels: Sequence[OracleLevel], replayed: RunView | None, chosen_on: Sequence[int]) -> WinnersCurse:
    """Return how much the oracle's own choice flatters it.

    Args:
        levels: decided, at least one.
        replayed: the run that replays the oracle's curve, if it was trained.
        chosen_on: the seeds that the oracle chose its winners on.
    """
    paths = [path for seed, path in replayed.paths.items() if seed not in chosen_on] if replayed else []
    depth = min(map(len, paths), default=0)
    found, by_seed, fresh_by_seed = [], [], []
    for level in levels:
        chosen = level.accuracies[level.winner]
        fresh = None
        if level.level < depth:
            results = [path[level.level].result for path in paths]
            on_fresh = [result.counted.val_accuracy for result in results if result is not None]
            fresh = _mean(on_fresh)
            by_seed.append(chosen)
            fresh_by_seed.append(on_fresh)
        found.append(LevelCurse(level.level, level.density, _mean(chosen), _held_out(level), fresh))
    gaps = [level.chosen - level.held_out for level in found if level.held_out is not None]
    held_out = _mean(gaps) if gaps else None
    difference = _difference(by_seed, fresh_by_seed) if by_seed else None
    return WinnersCurse(tuple(found), held_out, difference, _sentence(held_out, difference))


def _held_out(level: OracleLevel) -> float | None:
    """Return the mean accuracy of each seed under the winner that the other seeds choose."""
    if level.seeds < 2:
        return None
    accuracies = []
    for seed in range(level.seeds):
        others = [other for other in range(level.seeds) if other != seed]
        accuracies.append(level.accuracies[winner_of(competing(level, others))][seed])
    return _mean(accuracies)


def _difference(chosen: Sequence[Sequence[float]], fresh: Sequence[Sequence[float]]) -> Estimate:
    """Return the mean difference over levels; the interval is Welch's over the seeds' means."""
    ours, theirs = ([_mean(seed) for seed in zip(*levels, strict=True)] for levels in (chosen, fresh))
    mean = _mean(ours) - _mean(theirs)
    if min(len(ours), len(theirs)) < 2 or len({*ours}) == len({*theirs}) == 1:
        return Estimate(mean, None, None)
    interval = ttest_ind(ours, theirs, equal_var=False).confidence_interval(CONFIDENCE)
    return Estimate(mean, float(interval.low), float(interval.high))


def _sentence(held_out: float | None, fresh: Estimate | None) -> str:
    parts = []
    if held_out is not None:
        parts.append(f"{100 * held_out:.2f} points when each seed is judged by the winner that the other seeds choose")
    if fresh is not None:
        bounds = (
            ""
            if fresh.low is None or fresh.high is None
            else f" (95 % interval {100 * fresh.low:.2f} to {100 * fresh.high:.2f})"
        )
        parts.append(f"{100 * fresh.mean:.2f} points{bounds} when its curve is trained on fresh seeds")
    if not parts:
        return "One seed cannot show how much the oracle's own choice flatters it; train its curve on fresh seeds."
    by = " and by ".join(parts)
    return (
        f"The oracle's own choice flatters its validation accuracy by {by}, on average over levels. All "
        "of this is on the validation examples that it chose by, so what these flatter is not counted."
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
