"""The oracle's winner's curse: the best of many noisy candidates looks better than it is.

Its luck has two sources, the examples and the seeds that chose it. Nothing that shares one of them shows how much it
owes to it. So there are three estimates:

- of the luck with the examples: how much of its lead over its neighbours is gone on the test examples;
- of the luck with the seeds, test against test: the winner's test score on the seeds that chose it, minus that of
the
  oracle's curve trained on fresh seeds;
- on the validation examples alone: each seed judged by the winner that the others choose. All seeds share these
examples,
  so this one sees only the luck with the seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import ttest_ind

from oracle.comparison.cross_fit import others_choices
from oracle.comparison.power import CONFIDENCE
from oracle.comparison.regret import Estimate
from oracle.comparison.scoring import Scoring
from oracle.spec.metric import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.levels import OracleLevel
    from oracle.results.run_view import RunView
    from oracle.spec.metric import MetricSpec


@dataclass(frozen=True)
class LevelCurse:
    """How much the oracle's own choice flatters it at one level.

    Attributes:
        chosen: mean validation score of the winner on the seeds that chose it.
        held_out: the same when each seed is judged by the winner that the others chose; None with one seed.
        lead: how far `chosen` is above the mean of the next smaller and the next larger candidate, which are nearly as
            good; None if there is neither, or test scores are not known.
        test_lead: the same lead of the same networks on the test examples, which chose nothing.
        test: mean test score of the winner on the seeds that chose it; None if it is not known.
        fresh: mean test score of the oracle's curve on fresh seeds; None if it was not trained on any.
    """

    level: int
    density: float
    chosen: float
    held_out: float | None
    lead: float | None
    test_lead: float | None
    test: float | None
    fresh: float | None


@dataclass(frozen=True)
class WinnersCurse:
    """The oracle's winner's curse, in differences of scores, mean over levels.

    Attributes:
        held_out: chosen minus held out; None with one seed.
        examples: lead on the examples that chose the winner minus lead on the test examples; None if not known.
        fresh: test score on the seeds that chose minus test score on fresh seeds, with an interval over both sets
            of seeds; None if the oracle's curve was not trained on fresh seeds.
    """

    levels: tuple[LevelCurse, ...]
    held_out: float | None
    examples: float | None
    fresh: Estimate | None
    sentence: str


def winners_curse(
    levels: Sequence[OracleLevel],
    replayed: RunView | None,
    chosen_on: Sequence[int],
    metric: MetricSpec = ACCURACY,
) -> WinnersCurse:
    """Return how much the oracle's own choice flatters it.

    Args:
        levels: decided, at least one.
        replayed: the run that replays the oracle's curve, if it was trained.
        chosen_on: the seeds that the oracle chose its winners on.
        metric: that the study is judged by.
    """
    scoring = Scoring.of([replayed] if replayed else [], metric)
    paths = [path for seed, path in replayed.paths.items() if seed not in chosen_on] if replayed else []
    depth = min(map(len, paths), default=0)
    found, by_seed, fresh_by_seed = [], [], []
    for level in levels:
        test = level.test_scores.get(level.winner)
        fresh = None
        if level.level < depth and scoring.on == "test":
            on_fresh = [scoring.score(path[level.level]) for path in paths]
            fresh = _mean(on_fresh)
            if test is not None:
                by_seed.append(test)
                fresh_by_seed.append(on_fresh)
        found.append(
            LevelCurse(
                level.level,
                level.density,
                _mean(level.scores[level.winner]),
                _held_out(level),
                _lead(level, level.scores) if test else None,
                _lead(level, level.test_scores) if test else None,
                _mean(test) if test else None,
                fresh,
            )
        )
    held_out = _mean_gap([(level.chosen, level.held_out) for level in found])
    examples = _mean_gap([(level.lead, level.test_lead) for level in found])
    difference = _difference(by_seed, fresh_by_seed) if by_seed else None
    return WinnersCurse(tuple(found), held_out, examples, difference, _sentence(held_out, examples, difference, metric))


def _held_out(level: OracleLevel) -> float | None:
    """Return the mean score of each seed under the winner that the other seeds choose."""
    scores = [level.scores[winner][seed] for seed, winner in enumerate(others_choices(level))]
    return _mean(scores) if scores else None


def _lead(level: OracleLevel, scores: Mapping[float, Sequence[float]]) -> float | None:
    """Return how far the winner is above the mean of its neighbours; those that diverged are none."""
    rates = sorted(set(scores) - level.diverged)
    place = rates.index(level.winner)
    neighbours = [_mean(scores[rate]) for rate in rates[max(place - 1, 0) : place + 2] if rate != level.winner]
    return _mean(scores[level.winner]) - _mean(neighbours) if neighbours else None


def _mean_gap(pairs: Sequence[tuple[float | None, float | None]]) -> float | None:
    gaps = [one - other for one, other in pairs if one is not None and other is not None]
    return _mean(gaps) if gaps else None


def _difference(chosen: Sequence[Sequence[float]], fresh: Sequence[Sequence[float]]) -> Estimate:
    """Return the mean difference over levels; the interval is Welch's over the seeds' means."""
    ours, theirs = ([_mean(seed) for seed in zip(*levels, strict=True)] for levels in (chosen, fresh))
    mean = _mean(ours) - _mean(theirs)
    if min(len(ours), len(theirs)) < 2 or len({*ours}) == len({*theirs}) == 1:
        return Estimate(mean, None, None)
    interval = ttest_ind(ours, theirs, equal_var=False).confidence_interval(CONFIDENCE)
    return Estimate(mean, float(interval.low), float(interval.high))


def _sentence(held_out: float | None, examples: float | None, fresh: Estimate | None, metric: MetricSpec) -> str:
    said = []
    if examples is not None:
        said.append(
            f"The oracle's winners lead their neighbours by {metric.difference(abs(examples))} "
            f"{'more' if examples >= 0 else 'less'} on the validation examples that chose them than on the test "
            f"examples: {'luck' if examples > 0 else 'no luck that shows'} with the examples"
        )
    if fresh is not None:
        interval, above = "", "above" if metric.goal == "max" else "below"
        if fresh.low is not None and fresh.high is not None:
            interval = f" (95 % interval {metric.number(fresh.low)} to {metric.number(fresh.high)})"
        said.append(
            f"On the seeds that chose them their test {metric.name} is {metric.difference(fresh.mean)}"
            f"{interval} {above} that of the oracle's curve on fresh seeds: luck with the seeds"
        )
    if held_out is not None:
        said.append(
            f"On the validation examples alone, a seed loses {metric.difference(held_out)} when it is judged by the "
            "winner that the other seeds choose"
        )
    if held_out is None and fresh is None:
        said.append("One seed cannot show how much it owes to luck with the seed; train its curve on fresh seeds")
    return "".join(f"{sentence}. " for sentence in said).rstrip()


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
