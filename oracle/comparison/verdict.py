"""The verdict on a level schedule: where it leaves the oracle's interval, and what it loses on the oracle's surface.

If it is trained through all levels, the loss may differ: here every level starts from the oracle's winner. The loss is
the cross-fitted one (`cross_fit`). Beside it stand the raw one, on the very scores that chose the winner, which is
too large, and that by the model of the surface (`modelled`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.comparison.cross_fit import cross_fitted
from oracle.comparison.modelled import Credible, Modelled, modelled
from oracle.results.intervals import TOLERANCE
from oracle.results.silence import level_list
from oracle.spec.metric import ACCURACY, MetricSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.levels import OracleLevel
    from oracle.surface import Surface
    from scyc import LevelSchedule

IMPROBABLE = 0.1
"""Below this probability of a hit, a level is named."""


@dataclass(frozen=True)
class LevelVerdict:
    """A schedule at one level.

    Attributes:
        level: number of prunings done.
        max_lr: the schedule's.
        inside: whether it lies in the oracle interval, or within a slack of its bounds; None if there is no interval.
        off: how far it is from the interval as a factor, 1 inside (`Interval.off`); None if there is no interval.
        regret: cross-fitted: how far the score there is below that of the winners that the other seeds choose, mean
            over seeds, a fraction; None with one seed, and outside the range of the candidates.
        raw_regret: how far the mean validation score there is below the winner's on the seeds that chose it, a
            fraction, too large; None outside the range of the candidates.
        probability: by the model, that the score there is below the level's best by no more than the tolerance; None
            where the model cannot say, as outside the range of the candidates.
        model_regret: by the model, how far it is below the level's best; None likewise.
    """

    level: int
    max_lr: float
    inside: bool | None
    off: float | None
    regret: float | None
    raw_regret: float | None
    probability: float | None = None
    model_regret: Credible | None = None


@dataclass(frozen=True)
class Verdict:
    """A schedule against the oracle.

    Attributes:
        levels: level by level, ascending.
        judged: number of levels whose interval could be judged.
        hits: at how many of them the schedule lies in the interval.
        mean_regret: cross-fitted, over the levels where it is known, a fraction; None if it is known at none.
        mean_raw_regret: the same of the raw one.
        worst: the level of the largest known regret, of the raw ones with one seed.
        unknown: levels where the schedule leaves the candidates' range, so that its regret is not known.
        sentence: the verdict in plain words.
        model: what the model of the surface says; None if it cannot judge a single level.
    """

    levels: tuple[LevelVerdict, ...]
    judged: int
    hits: int
    mean_regret: float | None
    mean_raw_regret: float | None
    worst: int | None
    unknown: tuple[int, ...]
    sentence: str
    model: Modelled | None = None


def judge(
    schedule: LevelSchedule,
    levels: Sequence[OracleLevel],
    surface: Surface | None = None,
    tolerance: float = TOLERANCE,
    *,
    probable: bool = False,
    metric: MetricSpec = ACCURACY,
) -> Verdict:
    """Return the verdict on `schedule`.

    Args:
        schedule: from level to `max_lr`.
        levels: the oracle's decided levels, at least one, ascending.
        surface: fitted to these levels. Default: nothing is said by the model.
        tolerance: what the model still counts as a hit, a difference of scores, > 0.
        probable: whether the sentence says how probable hits are by the model, instead of where the schedule lies in
            the interval.
        metric: that the study is judged by.
    """
    found = tuple(_judge_level(level, schedule(level.level), surface, tolerance) for level in levels)
    model = modelled(surface, {one.level: one.max_lr for one in found}, tolerance) if surface else None
    by_level = {level.level: level.regret for level in found if level.regret is not None}
    raw = {level.level: level.raw_regret for level in found if level.raw_regret is not None}
    known, judged_on = by_level or raw, "test" if levels[0].test_scores else "validation"
    return Verdict(
        levels=found,
        judged=sum(level.inside is not None for level in found),
        hits=sum(bool(level.inside) for level in found),
        mean_regret=_mean(by_level),
        mean_raw_regret=_mean(raw),
        worst=max(known, key=lambda level: known[level]) if known else None,
        unknown=tuple(level.level for level in found if level.raw_regret is None),
        sentence=_sentence(found, _mean(by_level), _mean(raw), judged_on, model, metric, probable=probable),
        model=model,
    )


def _mean(by_level: Mapping[int, float]) -> float | None:
    return math.fsum(by_level.values()) / len(by_level) if by_level else None


def _judge_level(level: OracleLevel, max_lr: float, surface: Surface | None, tolerance: float) -> LevelVerdict:
    off = level.interval.off(max_lr) if level.interval else None
    drawn = surface.regret_at(level.level, max_lr) if surface else None
    return LevelVerdict(
        level=level.level,
        max_lr=max_lr,
        inside=None if off is None else off == 1.0,
        off=off,
        regret=cross_fitted(level, max_lr),
        raw_regret=level.regret(max_lr),
        probability=surface.probability(level.level, max_lr, tolerance) if surface else None,
        model_regret=None if drawn is None else Credible.of(drawn),
    )


def _sentence(
    levels: Sequence[LevelVerdict],
    regret: float | None,
    raw: float | None,
    judged_on: str,
    model: Modelled | None,
    metric: MetricSpec,
    *,
    probable: bool,
) -> str:
    judged = [level for level in levels if level.inside is not None]
    if not judged:
        return "No level has an interval to be judged by."
    text = _probable(levels, model, metric) if probable and model else _inside(judged)
    if raw is None:
        return f"{text}; it is outside the candidates' range at every level, so what it loses is not known."
    loss = _lost(regret, raw, judged_on, metric)
    if model:
        band = model.regret.band(metric)
        loss += f"; by the model {metric.difference(model.regret.mean)} to the best max_lr ({band})"
    beyond = sum(level.raw_regret is None for level in levels)
    known = (
        f", over the levels where it is within the candidates' range, not known at {beyond} of {len(levels)} levels"
        if beyond
        else ""
    )
    return f"{text}; {loss}{known}."


def _lost(regret: float | None, raw: float, judged_on: str, metric: MetricSpec) -> str:
    """Return what is lost on average: points of what there should be more of, or by how much a value is worse."""
    if metric.loses_points:
        flattered = f"{metric.difference(raw)} of validation {metric.name}"
        than = "lost on average to"
        fair = f"{metric.difference(regret)} of {judged_on} {metric.name}" if regret is not None else ""
        alone = "lost on average on"
    else:
        flattered, than, alone = metric.worse(raw, "validation"), "on average than with", "on average on"
        fair = metric.worse(regret, judged_on) if regret is not None else ""
    if not fair:
        return f"{flattered} {alone} the one seed that chose the winner, which is too much"
    return f"{fair} {than} the winners that the other seeds choose ({flattered} on the seeds that chose)"


def _inside(judged: Sequence[LevelVerdict]) -> str:
    if not (missed := [level for level in judged if not level.inside]):
        return f"Inside the oracle's interval at {_all(len(judged))}"
    return f"Outside the oracle's interval at {len(missed)} of {len(judged)} levels ({_missed(missed)})"


def _probable(levels: Sequence[LevelVerdict], model: Modelled, metric: MetricSpec) -> str:
    said = model.sentence(metric)
    unlikely = [level for level in levels if level.probability is not None and level.probability < IMPROBABLE]
    if not unlikely:
        return said
    where = f"at {len(unlikely)} of them"
    missed = _missed([level for level in unlikely if level.inside is False])
    return f"{said}; improbable (below {100 * IMPROBABLE:.0f} %) {where}{f' ({missed})' if missed else ''}"


def _all(count: int) -> str:
    return f"all {count} levels" if count > 1 else "its one level"


def _missed(missed: Sequence[LevelVerdict]) -> str:
    high = {level.level: level.off for level in missed if level.off and level.off > 1}
    low = {level.level: 1 / level.off for level in missed if level.off and level.off < 1}
    return "; ".join(
        f"too {which} by up to {max(off.values()):.2f} times at {level_list(list(off))}"
        for which, off in (("high", high), ("low", low))
        if off
    )
