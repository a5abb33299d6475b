"""The verdict on a level schedule: where it leaves the oracle's interval, and what it loses on the oracle's surface.

If it is trained through all levels, the loss may differ: here every level starts from the oracle's winner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.results.silence import level_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.surface import OracleLevel
    from scyc import LevelSchedule


@dataclass(frozen=True)
class LevelVerdict:
    """A schedule at one level.

    Attributes:
        level: number of prunings done.
        max_lr: the schedule's.
        inside: whether it lies in the oracle interval, or within a slack of its bounds; None if there is no interval.
        off: how far it is from the interval as a factor, 1 inside (`Interval.off`); None if there is no interval.
        regret: how far the mean validation accuracy there is below the winner's, a fraction; None outside the range of
            the candidates.
    """

    level: int
    max_lr: float
    inside: bool | None
    off: float | None
    regret: float | None


@dataclass(frozen=True)
class Verdict:
    """A schedule against the oracle.

    Attributes:
        levels: level by level, ascending.
        judged: number of levels whose interval could be judged.
        hits: at how many of them the schedule lies in the interval.
        mean_regret: over the levels where it is known, a fraction; None if it is known at none.
        worst: the level of the largest known regret.
        unknown: levels where the schedule leaves the candidates' range, so that its regret is not known.
        sentence: the verdict in plain words.
    """

    levels: tuple[LevelVerdict, ...]
    judged: int
    hits: int
    mean_regret: float | None
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
    known = [level for level in found if level.regret is not None]
    regrets = [level.regret for level in known if level.regret is not None]
    verdict = {
        "levels": found,
        "judged": sum(level.inside is not None for level in found),
        "hits": sum(bool(level.inside) for level in found),
        "mean_regret": math.fsum(regrets) / len(regrets) if regrets else None,
        "worst": max(known, key=lambda level: level.regret or 0.0).level if known else None,
        "unknown": tuple(level.level for level in found if level.regret is None),
    }
    return Verdict(**verdict, sentence=_sentence(found))  # type: ignore[arg-type]


def _judge_level(level: OracleLevel, max_lr: float) -> LevelVerdict:
    off = level.interval.off(max_lr) if level.interval else None
    inside = None if off is None else off == 1.0
    return LevelVerdict(level.level, max_lr, inside, off, level.regret(max_lr))


def _sentence(levels: Sequence[LevelVerdict]) -> str:
    judged = [level for level in levels if level.inside is not None]
    missed = [level for level in judged if not level.inside]
    if not judged:
        return "No level has an interval to be judged by."
    if not missed:
        text = f"Inside the oracle's interval at {_all(len(judged))}"
    else:
        text = f"Outside the oracle's interval at {len(missed)} of {len(judged)} levels ({_missed(missed)})"
    regrets = [level.regret for level in levels if level.regret is not None]
    if not regrets:
        return f"{text}; it is outside the candidates' range at every level, so what it loses is not known."
    loss = f"{100 * math.fsum(regrets) / len(regrets):.2f} points of validation accuracy lost on average"
    beyond = len(levels) - len(regrets)
    known = (
        f" over the levels where it is within the candidates' range, not known at {beyond} of {len(levels)} levels"
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
