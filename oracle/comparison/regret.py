"""Regret in training: what schedules lose against the oracle's curve, with intervals that share what they know."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from oracle.comparison.power import CONFIDENCE, combined, limit, seeds_to_tell, told_by
from oracle.comparison.sampling import of_examples
from oracle.comparison.spread import alike, moderated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from oracle.spec.metric import MetricSpec

    Floats = NDArray[np.float64]

_NO_SAMPLING = (0.0, math.inf)


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval (Student's t over seeds); one value alone has no interval."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Regret(Estimate):
    """A schedule's mean regret in training, a difference of scores. All but the mean is None with one seed.

    Attributes:
        error: standard error of the mean.
        sampling: the part of `error` that comes from the choice of the test examples; None if what each example was
            answered is not known, so that the interval leaves it out.
        freedom: degrees of freedom of Student's t.
        pooled: whether the spread over seeds was learnt from the other schedules too.
        p: probability of so large a mean if the schedule loses and gains nothing, taken alone.
        p_together: the same when all schedules that were trained are judged together (Holm).
        told: the smallest difference that as many seeds would tell in 8 of 10 cases.
        limit: the smallest difference that any number of seeds would tell with this test set.
        more_seeds: how many more seeds would tell a difference as large as `mean` in 8 of 10 cases, 0 or more; None if
            no number up to `power.MOST_SEEDS` would.
    """

    error: float | None = None
    sampling: float | None = None
    freedom: float | None = None
    pooled: bool = False
    p: float | None = None
    p_together: float | None = None
    told: float | None = None
    limit: float | None = None
    more_seeds: int | None = None

    @property
    def alone(self) -> bool:
        """Whether it is a difference when the schedule is judged alone."""
        return self.p is not None and self.p < 1 - CONFIDENCE

    @property
    def together(self) -> bool:
        """Whether it still is one when all schedules are judged together."""
        return self.p_together is not None and self.p_together < 1 - CONFIDENCE


def valued(score: Estimate, metric: MetricSpec) -> Estimate:
    """Return a score as the value that has it, with its bounds."""
    ends = [None if end is None else metric.value(end) for end in (score.low, score.high)]
    low, high = ends if metric.goal == "max" else ends[::-1]
    return Estimate(metric.value(score.mean), low, high)


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of `values` (one per seed, at least one) with its interval."""
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Estimate(mean, None, None)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(student.ppf((1 + CONFIDENCE) / 2, n - 1)) * spread / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half)


def regrets(losses: Mapping[str, Floats], examples: Mapping[str, Floats] | None = None) -> dict[str, Regret]:
    """Return the mean regrets of schedules that were trained on the same seeds through the same levels.

    Args:
        losses: by schedule, the score of the oracle's curve minus the schedule's, of shape (levels, seeds), at least
            one of each.
        examples: by schedule, the same difference of what was right, mean over levels, of shape (seeds, test examples).
            The intervals of schedules that are missing leave out how the test examples were drawn.
    """
    means = {name: math.fsum(loss.mean(axis=0).tolist()) / loss.shape[1] for name, loss in losses.items()}
    if not losses or next(iter(losses.values())).shape[1] < 2:
        return {name: Regret(mean, None, None) for name, mean in means.items()}
    arrays = list(losses.values())
    together = alike(arrays)
    shared = set(together) if len(together) > 1 else set()
    found = {}
    for i, (name, spread) in enumerate(zip(losses, moderated(arrays), strict=True)):
        given = (examples or {}).get(name)
        sampling = None if given is None else of_examples(given)
        found[name] = _regret(means[name], arrays[i].shape[1], spread, sampling, i in shared)
    return found


def holm(regrets: Mapping[str, Regret]) -> dict[str, Regret]:
    """Return the regrets with their `p_together`: Holm's correction of `p` over all of them that have one."""
    ordered = sorted((regret.p, name) for name, regret in regrets.items() if regret.p is not None)
    found, largest = dict(regrets), 0.0
    for rank, (p, name) in enumerate(ordered):
        largest = max(largest, min(1.0, p * (len(ordered) - rank)))
        found[name] = replace(regrets[name], p_together=largest)
    return found


def _regret(
    mean: float, seeds: int, spread: tuple[float, float], sampling: tuple[float, float] | None, pooled: bool
) -> Regret:
    by_examples = sampling or _NO_SAMPLING
    of_seeds = (spread[0] / seeds, spread[1])
    error, freedom = math.sqrt(of_seeds[0] + by_examples[0]), combined(of_seeds, by_examples)
    half = float(student.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    p = float(2 * student.sf(abs(mean) / error, freedom)) if error > 0 else float(mean == 0)
    needed = seeds_to_tell(abs(mean), seeds, spread, by_examples) if mean else None
    return Regret(
        mean,
        mean - half,
        mean + half,
        error=error,
        sampling=None if sampling is None else math.sqrt(sampling[0]),
        freedom=freedom,
        pooled=pooled,
        p=p,
        told=float(told_by(np.array([seeds]), seeds, spread, by_examples)[0]),
        limit=limit(by_examples),
        more_seeds=None if needed is None else needed - seeds,
    )
