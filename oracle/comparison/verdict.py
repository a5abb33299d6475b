"""The verdict on a level schedule: where it leaves the oracle's interval, and what it loses on the oracle's surface.

If it is trained through all levels, the loss may differ: here every level starts from the oracle's winner. The loss is
the cross-fitted one (`cross_fit`); the raw one beside it, on the very accuracies that chose the winner, is too large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.comparison.cross_fit import cross_fitted
from oracle.results.silence import level_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.levels import OracleLevel
    from scyc import LevelSchedule


@dataclass(frozen=True)
class LevelVerdict:
    """A schedule at one level.

    Attributes:
        level: number of prunings done.
        max_lr: the schedule's.
        inside: whether it lies in the oracle interval, or within a slack of its bounds; None if there is no interval.
        off: how far it is from the interval as a factor, 1 inside (`Interval.off`); None if there is no interval.
        regret: cross-fitted: how far the accuracy there is below that of the winners that the other seeds choose, mean
            over seeds, a fraction; None with one seed, and outside the range of the candidates.
        raw_regret: how far the mean validation accuracy there is below the winner's on the seeds that chose it, a
            fraction, too large; None outside the range of the candidates.
    """

    level: int
    max_lr: float
    inside: bool | None
    off: float | None
    regret: float | None
    raw_regret: float | None


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
    """

    levels: tuple[LevelVerdict, ...]
    judged: int
    hits: int
    mean_regret: float | None
    mean_raw_regret: float | None
    worst: int | None
    unknown: tuple[int, ...]
    sentence: str


def judge(schedule: LevelSchedule, levels: Sequence[OracleLevel]) -> Verdict:
    """Return the verdict on `schedule`.

    Args:
        schedule: from level to `max_lr`.
        levels: the oracle's decided levels, at least one, ascending.
    """
    found = tuple(_judge_level(level, schedule(level.level)) for level in levels)
    by_level = {level.level: level.regret for level in found if level.regret is not None}
    raw = {level.level: level.raw_regret for level in found if level.raw_regret is not None}
    known = by_level or raw
    return Verdict(
        levels=found,
        judged=sum(level.inside is not None for level in found),
        hits=sum(bool(level.inside) for level in found),
        mean_regret=_mean(by_level),
        mean_raw_regret=_mean(raw),
        worst=max(known, key=lambda level: known[level]) if known else None,
        unknown=tuple(level.level for level in found if level.raw_regret is None),
        sentence=_sentence(found, _mean(by_level), _mean(raw), "test" if levels[0].test_accuracies else "validation"),
    )


def _mean(by_level: Mapping[int, float]) -> float | None:
    return math.fsum(by_level.values()) / len(by_level) if by_level else None


def _judge_level(level: OracleLevel, max_lr: float) -> LevelVerdict:
    off = level.interval.off(max_lr) if level.interval else None
    inside = None if off is None else off == 1.0
    return LevelVerdict(level.level, max_lr, inside, off, cross_fitted(level, max_lr), level.regret(max_lr))


def _sentence(levels: Sequence[LevelVerdict], regret: float | None, raw: float | None, judged_on: str) -> str:
    judged = [level for level in levels if level.inside is not None]
    missed = [level for level in judged if not level.inside]
    if not judged:
        return "No level has an interval to be judged by."
    if not missed:
        text = f"Inside the oracle's interval at {_all(len(judged))}"
    else:
        text = f"Outside the oracle's interval at {len(missed)} of {len(judged)} levels ({_missed(missed)})"
    if raw is None:
        return f"{text}; it is outside the candidates' range at every level, so what it loses is not known."
    flattered = f"{100 * raw:.2f} points of validation accuracy"
    if regret is None:
        loss = f"{flattered} lost on average on the one seed that chose the winner, which is too much"
    else:
        loss = (
            f"{100 * regret:.2f} points of {judged_on} accuracy lost on average to the winners that the other seeds "
            f"choose ({flattered} on the seeds that chose)"
        )
    beyond = sum(level.raw_regret is None for level in levels)
    known = (
        f", over the levels where it is within the candidates' range, not known at {beyond} of {len(levels)} levels"
        if beyond
        else ""
    )
    return f"{text}; {loss}{known}."


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
