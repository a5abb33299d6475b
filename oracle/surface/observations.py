"""What the model sees of a study: mean scores near the top of each level, and the noise in them.

Two things make a mean noisy. Training differs from seed to seed, independently for every cell. And all cells are
judged on the same validation examples, so what these examples happen to favour shows in all candidates and levels
alike; its covariance is that of the answers over the examples, divided by their number.

All is in points: hundredths of accuracy, or of another metric what is worth as much (`LevelData.scale`).

Only the top of a level matters, and only it is smooth. Candidates far below it are left out; the nearest one on each
side stays, as a rough mark of where the top ends. Where the score collapses between two neighbours nobody knows
where between them it does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from oracle.surface.two_way import filled, residuals, weights

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

WINDOW = 6.0
"""How far below the best mean of its level a candidate may be to count as part of the top, in points of accuracy; where
the means are very noisy, `_DEVIATIONS` standard deviations of a difference between two of them."""

_DEVIATIONS = 3.0

_CLIP = 1.5
"""The neighbour of the top counts no further below than this many windows: it marks where the top ends, not the depth
beside it."""

_COLLAPSE = 3.0
"""A neighbour of the top that is this many windows below, or diverged, has collapsed: no smooth top falls like that."""

_RIM = 1.0
"""Points below the best from which on the last candidate before a collapse has begun to fall itself."""

_GIVEN_UP = 0.5
"""What a candidate loses that was stopped early is known up to this share of what it was behind by then, as a standard
deviation."""

_LEAST = 0.02
"""Least share of the variance between seeds that is due to training, and not to the examples' sampling."""


class LevelData(Protocol):
    """What the model needs of a level."""

    @property
    def level(self) -> int:
        """Number of prunings done."""

    @property
    def scores(self) -> Mapping[float, Sequence[float]]:
        """By `max_lr`, validation scores, one per seed, seeds in the same order; some filled in."""

    @property
    def trained(self) -> Mapping[float, Sequence[bool]]:
        """By `max_lr`, which of them are from trainings, one at least; empty if all are."""

    @property
    def given_up(self) -> Mapping[float, float]:
        """By `max_lr`, how far candidates that were stopped early were behind the best by then; in no other field."""

    @property
    def diverged(self) -> Collection[float]:
        """The candidates that diverged on at least one seed."""

    @property
    def scale(self) -> float:
        """What a difference of 1 is of a fraction of accuracy: scores are divided by it, `MetricSpec.scale`."""

    @property
    def answers(self) -> Mapping[float, NDArray[np.bool_]] | None:
        """By `max_lr`, booleans of shape (trained seeds, examples): what each classified correctly, if on record."""


@dataclass(frozen=True)
class Top:
    """The top of a level, and how it ends on either side.

    Attributes:
        rates: log `max_lr` of all candidates of the level, ascending.
        shortfall: points that each candidate's mean is below the best.
        kept: which of the candidates are observed, a range of indices.
        rough: indices of observed candidates that only mark an end.
        soft: indices of observed candidates that have begun to collapse.
        cliff: whether the top ends somewhere between the first (or last) observed candidate and the next.
        raced: whether a race chose the candidates. It tries none beyond one that is clearly worse.
    """

    rates: Floats
    shortfall: Floats
    kept: range
    rough: frozenset[int]
    soft: frozenset[int]
    cliff: tuple[bool, bool]
    raced: bool = False


@dataclass(frozen=True)
class Observations:
    """Mean scores of n cells, in points, and their noise.

    Attributes:
        tops: of the levels, in their order.
        numbers: the levels' numbers.
        level: of each cell, an index into `tops`, shape (n,).
        x: log `max_lr`, scaled so that the candidates of all levels span -1 to 1, shape (n,).
        y: mean score in points, relative to the mean of the level's cells, shape (n,).
        noise: covariance of the cells' errors in points squared, shape (n, n).
        centre: log `max_lr` at x = 0.
        scale: log `max_lr` per unit of x.
        judged_together: whether the sampling of the validation examples is in the noise.
    """

    tops: tuple[Top, ...]
    numbers: tuple[int, ...]
    level: Integers
    x: Floats
    y: Floats
    noise: Floats
    centre: float
    scale: float
    judged_together: bool

    @classmethod
    def of(cls, levels: Sequence[LevelData]) -> Observations:
        """Return the observations of levels that have a candidate that did not diverge, in ascending order."""
        window = max(WINDOW, _DEVIATIONS * _typical_error(levels))
        tops = tuple(_top(level, window) for level in levels)
        cells = [(place, index) for place, top in enumerate(tops) for index in top.kept]
        place = np.array([at for at, _ in cells])
        u = np.array([tops[at].rates[index] for at, index in cells])
        y = np.array([-min(tops[at].shortfall[index], _CLIP * window) for at, index in cells])
        y -= np.array([y[place == at].mean() for at in range(len(tops))])[place]
        names = [(at, _rates(levels[at])[index]) for at, index in cells]
        smooth = np.array([index not in tops[at].rough for at, index in cells])
        noise, together = _noise(levels, names, smooth)
        noise[np.diag_indices(len(cells))] += [_roughness(tops[at], index, window) for at, index in cells]
        behind = np.array([_per_score(levels[at]) * levels[at].given_up.get(rate, 0.0) for at, rate in names])
        noise[np.diag_indices(len(cells))] += (_GIVEN_UP * behind) ** 2
        low, high = min(top.rates[0] for top in tops), max(top.rates[-1] for top in tops)
        centre, scale = (low + high) / 2, max((high - low) / 2, 1e-6)
        numbers = tuple(level.level for level in levels)
        return cls(tops, numbers, place, (u - centre) / scale, y, noise, float(centre), float(scale), together)


def _top(level: LevelData, window: float) -> Top:
    """Return the top of a level: from the first to the last candidate in the window, up to what diverged."""
    rates = _rates(level)
    means = np.array([_per_score(level) * _mean(level.scores.get(rate)) for rate in rates])
    out = np.array([rate in level.diverged for rate in rates])
    best = int(np.where(out, -np.inf, means).argmax())
    behind = np.array([_per_score(level) * level.given_up.get(rate, 0.0) for rate in rates])
    shortfall = np.where(behind > 0, behind, np.maximum(means[best] - means, np.where(out, 100.0, 0.0)))
    high = [index for index in range(len(rates)) if shortfall[index] <= window]
    first, last = best, best
    while first > high[0] and not out[first - 1]:
        first -= 1
    while last < high[-1] and not out[last + 1]:
        last += 1
    rough, soft, cliff = set(), set(), [False, False]
    for side, (end, beyond) in enumerate(((first, first - 1), (last, last + 1))):
        if not 0 <= beyond < len(rates):
            continue
        if shortfall[beyond] < _COLLAPSE * window:
            rough.add(beyond)
        elif shortfall[end] <= _RIM:
            cliff[side] = True
        else:
            soft.add(end)
    kept = range(first - (first - 1 in rough), last + 1 + (last + 1 in rough))
    raced = bool(level.trained or level.given_up)
    return Top(np.log(rates), shortfall, kept, frozenset(rough), frozenset(soft), (cliff[0], cliff[1]), raced)


def _rates(level: LevelData) -> list[float]:
    """Return the candidates of a level, ascending."""
    return sorted([*level.scores, *level.given_up])


def _per_score(level: LevelData) -> float:
    """Return how many points a score of 1 is."""
    return 100 / level.scale


def _mean(values: Sequence[float] | None) -> float:
    return math.fsum(values) / len(values) if values else -math.inf


def _roughness(top: Top, index: int, window: float) -> float:
    """Return the variance by which an observation is allowed to miss a smooth top."""
    if index in top.rough:
        return (window / 4) ** 2
    return float(2 * top.shortfall[index]) ** 2 if index in top.soft else 0.0


def _typical_error(levels: Sequence[LevelData]) -> float:
    """Return about the standard deviation of the difference between two means, in points; 0 where nothing tells it."""
    variances = []
    for level in levels:
        rates = [rate for rate in level.scores if rate not in level.diverged]
        table = _table(level, rates)
        means = filled(table).mean(axis=1)
        upper = table[means >= np.median(means)]
        squares, freedom = residuals(upper)
        if freedom:
            variances.append(2 * squares / freedom / upper.shape[1])
        elif level.answers and (answers := level.answers.get(rates[0])) is not None:
            share = np.nanmean(upper) / 100
            variances.append(2e4 * share * (1 - share) / answers.shape[1])
    return math.sqrt(float(np.median(variances))) if variances else 0.0


def _noise(
    levels: Sequence[LevelData], cells: Sequence[tuple[int, float]], smooth: NDArray[np.bool_]
) -> tuple[Floats, bool]:
    """Return the covariance of the cells' errors, and whether the examples' sampling is in it."""
    if len(there := [i for i, (at, rate) in enumerate(cells) if rate not in levels[at].given_up]) < len(cells):
        noise, covariance = np.zeros((len(cells), len(cells))), _noise(levels, [cells[i] for i in there], smooth[there])
        noise[np.ix_(there, there)] = covariance[0]
        return noise, covariance[1]
    groups = [[rate for place, rate in cells if place == at] for at in range(len(levels))]
    trained = [~np.isnan(_table(level, rates)) for level, rates in zip(levels, groups, strict=True)]
    shares = [weights(each) for each in trained]  # of each training in its candidate's mean
    between, training = _between_seeds(levels, cells, smooth), block_diag(*(share @ share.T for share in shares))
    answers = [_answers(level, rates) for level, rates in zip(levels, groups, strict=True)]
    known = [each for each in answers if each is not None]
    if len(known) < len(answers) or len({each.shape[1] for each in known}) != 1 or known[0].shape[1] < 2:
        return between * training, False
    means = np.vstack([100 * share @ each for share, each in zip(shares, known, strict=True)])
    n, examples = means.shape
    covariance = np.cov(means, bias=True) / examples
    # A covariance that is estimated makes its inverse too large (Hartlap, Simon & Schneider, A&A 464, 2007, eq. 17).
    covariance = np.atleast_2d(covariance) * min(2.0, examples / max(examples - n - 2, 1))
    # Of the variance between seeds, this much is the examples' doing, which the covariance has already.
    sampled = [_flips(each, table) for each, table in zip(known, trained, strict=True)]
    flips = np.concatenate(sampled)
    between = max(between - 1e4 * float(flips.mean()) / examples, _LEAST * between) if len(flips) else 0.0
    return covariance + between * training, True


def _flips(answers: NDArray[np.bool_], trained: NDArray[np.bool_]) -> Floats:
    """Return, for each candidate of several seeds, the variance of an answer between seeds, mean over the examples."""
    ends = np.cumsum(trained.sum(axis=1))
    rows = [answers[end - count : end] for end, count in zip(ends, trained.sum(axis=1), strict=True)]
    return np.array([one.var(axis=0, ddof=1).mean() for one in rows if len(one) > 1])


def _between_seeds(levels: Sequence[LevelData], cells: Sequence[tuple[int, float]], smooth: NDArray[np.bool_]) -> float:
    """Return the variance between seeds in points squared: residuals of candidate + seed, pooled over the levels."""
    squares, freedom = 0.0, 0
    for at, level in enumerate(levels):
        rates = [rate for (place, rate), wanted in zip(cells, smooth, strict=True) if place == at and wanted]
        of_level = residuals(_table(level, rates))
        squares, freedom = squares + of_level[0], freedom + of_level[1]
    return squares / freedom if freedom else 0.0


def _table(level: LevelData, rates: Sequence[float]) -> Floats:
    """Return scores in points, shape (rates, seeds), NaN where nothing was trained."""
    table = _per_score(level) * np.array([level.scores[rate] for rate in rates])
    return np.where([level.trained[rate] for rate in rates], table, np.nan) if level.trained else table


def _answers(level: LevelData, rates: Sequence[float]) -> NDArray[np.bool_] | None:
    """Return the answers of some candidates' trainings, one row each; None if some are not on record."""
    found = [level.answers.get(rate) if level.answers else None for rate in rates]
    known = [each for each in found if each is not None]
    if len(known) < len(found) or len({each.shape[1] for each in known}) != 1:
        return None
    return np.concatenate(known)
