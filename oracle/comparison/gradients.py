"""What the spread of the weight gradients says about the oracle curve.

S-Cyc's motivation (Liu, Tan, Motani, arXiv 2110.08764): pruning narrows the distribution of weight gradients, so
sparser networks need larger learning rates. If that is the reason, 1/std should correlate with the oracle's `max_lr`.
But everything that grows from level to level, such as 1/density, correlates with a curve that rises. So the two are
compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from oracle.comparison.levels import competing, winner_of
from scyc import InputError, Replay

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oracle.comparison.levels import OracleLevel

REFITS = 200
"""Resamples of the seeds."""

FEWEST_SEEDS = 3
"""Two seeds have three different resamples: no 95 % interval can be had from those."""

FEWEST_LEVELS = 4
"""Fewer levels have too few orders for a rank correlation to mean anything."""

_SEED = 20211017
"""Seed of the random numbers. Any would do, but it must stay the same."""

_TAILS = (0.025, 0.975)

_Draw = tuple[int, ...]
"""Which seeds a resample has, and which of them more than once."""

_WHERE = {"start": "At the start of a level", "middle": "In the middle of a level", "end": "At the end of a level"}


@dataclass(frozen=True)
class PointFinding:
    """The gradients at one point of the training.

    Intervals are 95 % percentile intervals over resampled seeds, None if there are too few of them.

    Attributes:
        point: "start", "middle" or "end".
        stds: standard deviation of the gradients by level, mean over seeds.
        narrowing: that of the last level as a fraction of the dense network's; None if the latter is 0 or all but 0.
        correlation: Spearman's, of 1/std and the oracle's `max_lr` over levels, in [-1, 1]; None if it is not
            defined (one of the two is the same at all levels) or there are fewer than `FEWEST_LEVELS`.
        interval: of the correlation.
        advantage: the correlation minus that of 1/density.
        advantage_interval: of the advantage.
    """

    point: str
    stds: tuple[float, ...]
    narrowing: float | None
    correlation: float | None
    interval: tuple[float, float] | None
    advantage: float | None
    advantage_interval: tuple[float, float] | None


@dataclass(frozen=True)
class GradientFinding:
    """What the gradients' spread says about the oracle curve.

    Attributes:
        points: those where gradients were recorded.
        density_correlation: Spearman's, of 1/density and the oracle's `max_lr`; None as a point's correlation.
        sentences: the same in plain words.
    """

    points: tuple[PointFinding, ...]
    density_correlation: float | None
    sentences: tuple[str, ...]


def find_narrowing(levels: Sequence[OracleLevel], stds: Mapping[str, Sequence[Sequence[float]]]) -> GradientFinding:
    """Return what the gradients' spread says about the oracle curve.

    Args:
        levels: the oracle's decided levels from 0 on, ascending, at least one.
        stds: by point of the training, for each level and each seed (in the order of the accuracies) the standard
            deviation of the gradients in the winner's training, >= 0.

    Raises:
        InputError: when the standard deviations are not one number for each level and seed.
    """
    for point, by_level in stds.items():
        _check(levels, point, by_level)
    resamples = _resample(levels)
    points = tuple(_find(point, levels, by_level, resamples) for point, by_level in stds.items())
    of_density = _correlation([level.density for level in levels], [level.winner for level in levels])
    return GradientFinding(points, of_density, tuple(_sentences(levels, points, of_density)))


def gradient_scaled(
    levels: Sequence[OracleLevel], stds_at_start: Sequence[Sequence[float]], cap: float
) -> Replay | None:
    """Return the schedule that makes up for the narrowing: `max_lr(m)` = dense winner * std(0) / std(m), up to `cap`.

    It uses the gradients at the start of the oracle's own trials. So it says what `scyc.GradientScaled` would have
    chosen at the oracle's place.

    Args:
        levels: the oracle's decided levels, ascending.
        stds_at_start: for each level and seed, the standard deviation of the first gradients.
        cap: largest value, the largest candidate.

    Returns:
        The schedule; None if levels are missing, or a network had no gradients.

    Raises:
        InputError: when the standard deviations are not one number for each level and seed.
    """
    _check(levels, "start", stds_at_start)
    stds = [_mean(by_seed) for by_seed in stds_at_start]
    if not levels or min(stds) <= 0 or [level.level for level in levels] != list(range(len(levels))):
        return None
    return Replay(tuple(min(levels[0].winner * (stds[0] / std), cap) for std in stds))


def _check(levels: Sequence[OracleLevel], point: str, stds: Sequence[Sequence[float]]) -> None:
    if [len(by_seed) for by_seed in stds] != [level.seeds for level in levels]:
        raise InputError(
            f"There must be one standard deviation of the gradients at the {point} for each decided level and seed."
        )
    if not all(0 <= std < math.inf for by_seed in stds for std in by_seed):
        raise InputError(f"Every standard deviation of the gradients at the {point} must be a number of 0 or more.")


def _find(
    point: str, levels: Sequence[OracleLevel], stds: Sequence[Sequence[float]], resamples: Mapping[_Draw, _Resample]
) -> PointFinding:
    means = [_mean(by_seed) for by_seed in stds]
    winners, densities = [level.winner for level in levels], [level.density for level in levels]
    correlation, of_density = _correlation(means, winners), _correlation(densities, winners)
    interval = advantage = advantage_interval = None
    if correlation is not None and of_density is not None:
        advantage = correlation - of_density
        found, ahead, times = [], [], []
        for draw, resample in resamples.items():
            again = _correlation([_mean([by_seed[seed] for seed in draw]) for by_seed in stds], resample.winners)
            found.append(again or 0.0)
            ahead.append((again or 0.0) - resample.of_density)
            times.append(resample.times)
        if resamples:
            interval, advantage_interval = (
                _percentiles(np.repeat(values, times).tolist()) for values in (found, ahead)
            )
    return PointFinding(
        point,
        stds=tuple(means),
        narrowing=_ratio(means[-1], means[0]),
        correlation=correlation,
        interval=interval,
        advantage=advantage,
        advantage_interval=advantage_interval,
    )


@dataclass(frozen=True)
class _Resample:
    """The oracle as these seeds would have shown it; no correlation, where all winners are the same, counts as 0."""

    times: int
    winners: list[float]
    of_density: float


def _resample(levels: Sequence[OracleLevel]) -> dict[_Draw, _Resample]:
    """Return the different resamples of the seeds, with how often each was drawn; none where the seeds are too few."""
    seeds = levels[0].seeds
    if seeds < FEWEST_SEEDS or any(level.seeds != seeds for level in levels):
        return {}
    draws = np.sort(np.random.default_rng(_SEED).integers(seeds, size=(REFITS, seeds)), axis=1)
    different, times = np.unique(draws, axis=0, return_counts=True)
    densities = [level.density for level in levels]
    found = {}
    for draw, often in zip(different.tolist(), times.tolist(), strict=True):
        winners = [winner_of(competing(level, draw)) for level in levels]
        found[tuple(draw)] = _Resample(often, winners, _correlation(densities, winners) or 0.0)
    return found


def _correlation(falling: Sequence[float], winners: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation of 1/falling and the winners; None if it is not defined.

    The inverse has the ranks of the negative, which a zero has too.
    """
    if len(winners) < FEWEST_LEVELS or len({*falling}) == 1 or len({*winners}) == 1:
        return None
    # Rounded, so that equal orders give equal numbers.
    return round(float(spearmanr(-np.asarray(falling), winners).statistic), 12)


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, _TAILS, method="inverted_cdf").tolist()
    return low, high


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _sentences(
    levels: Sequence[OracleLevel], points: Sequence[PointFinding], of_density: float | None
) -> Iterator[str]:
    for found in points:
        yield f"{_WHERE.get(found.point, found.point)} {_narrowing(found, levels)}."
    if not points:
        yield "Gradients were not recorded, so nothing can be said about them."
    elif len(levels) < FEWEST_LEVELS:
        yield (
            f"Whether narrower gradients go with a larger max_lr cannot be judged from {_count(len(levels), 'level')}; "
            f"it takes {FEWEST_LEVELS}."
        )
    elif of_density is None:
        yield (
            "The oracle's max_lr is the same at every level, so there is no rise that gradients could explain, and no "
            "correlation."
        )
    else:
        yield (
            f"The oracle's max_lr has a rank correlation of {of_density:.2f} with 1/density, in which gradients play "
            "no part; 1/std has to do better than that to add anything."
        )
        for found in points:
            yield f"{_WHERE.get(found.point, found.point)} {_judged(found)}."
        if any(found.correlation is not None and found.interval is None for found in points):
            yield (
                f"With {_count(levels[0].seeds, 'seed')} it is not known how far chance moves these correlations; that "
                f"takes {FEWEST_SEEDS} seeds."
            )


def _ratio(last: float, first: float) -> float | None:
    ratio = last / first if first > 0 else math.inf
    return ratio if math.isfinite(ratio) else None


def _narrowing(found: PointFinding, levels: Sequence[OracleLevel]) -> str:
    if found.narrowing is None:
        return "the dense network had no gradients, so nothing can be compared with them"
    if len(levels) < 2:
        return f"the standard deviation of the gradients is {found.stds[0]:.3g} in the dense network"
    verb = "narrow" if found.narrowing < 1 else "widen" if found.narrowing > 1 else "stay as wide"
    return (
        f"the gradients {verb}: their standard deviation is {found.stds[0]:.3g} in the dense network and "
        f"{found.stds[-1]:.3g} at level {levels[-1].level}, {found.narrowing:.2f} times as much"
    )


def _judged(found: PointFinding) -> str:
    if found.correlation is None or found.advantage is None:
        return "the gradients are equally wide at every level, so they have no correlation with max_lr"
    text = f"1/std has a rank correlation of {found.correlation:.2f}"
    if found.interval is None or found.advantage_interval is None:
        than = "higher than" if found.advantage > 0 else "lower than" if found.advantage < 0 else "the same as"
        return f"{text}, {than} that of 1/density"
    text += f" ({found.interval[0]:.2f} to {found.interval[1]:.2f} over resampled seeds)"
    low, high = found.advantage_interval
    if low > 0:
        return f"{text}, better than 1/density: the gradients say something about max_lr that density does not"
    if high < 0:
        return f"{text}, worse than 1/density: density alone follows max_lr more closely"
    return f"{text}, no clear difference from 1/density: it does not show whether the gradients say more about max_lr"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
