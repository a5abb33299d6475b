"""How busy workers were: what of their time they trained, and what they waited, level by level."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from studies import StartRecord, TrialRecord


@dataclass(frozen=True)
class BusyTime:
    """Time of all workers together, while at least one of them trained.

    Attributes:
        busy: seconds for which they trained.
        idle: seconds for which they waited.
    """

    busy: float = 0.0
    idle: float = 0.0

    @property
    def share(self) -> float:
        """The busy time as a share of both, 0 to 1."""
        return self.busy / (self.busy + self.idle) if self.busy else 0.0

    def __add__(self, other: BusyTime) -> BusyTime:
        """Return both together."""
        return BusyTime(self.busy + other.busy, self.idle + other.idle)


@dataclass(frozen=True)
class _Turn:
    """A worker with a trial, or with several in lock-step."""

    level: int
    start: datetime
    end: datetime
    workers: int

    @classmethod
    def of(cls, trial: TrialRecord, start: StartRecord) -> Self | None:
        return cls(trial.level, start.at, trial.finished_at, start.workers) if trial.finished_at else None


def busy_times(trials: Iterable[TrialRecord], starts: Mapping[int, StartRecord]) -> dict[int, BusyTime]:
    """Return, by level, how busy the workers were; a level of which no start is on record is left out.

    Where levels overlap, each has the share of the waiting that it has of the training at that moment. Time in which
    nothing is trained belongs to nobody: the study may have been interrupted.

    Args:
        trials: complete and stopped trials.
        starts: when they began, by trial.
    """
    turns = {turn for trial in trials if trial.id in starts and (turn := _Turn.of(trial, starts[trial.id]))}
    changes: dict[datetime, list[tuple[int, _Turn]]] = defaultdict(list)
    for turn in turns:
        changes[turn.start].append((1, turn))
        changes[turn.end].append((-1, turn))
    found: dict[int, BusyTime] = dict.fromkeys(sorted({turn.level for turn in turns}), BusyTime())
    running: Counter[_Turn] = Counter()
    last: datetime | None = None
    for moment in sorted(changes):
        if last is not None and (now := +running):
            seconds, number = (moment - last).total_seconds(), now.total()
            idle = max(max(turn.workers for turn in now) - number, 0)
            for level, of_level in Counter(turn.level for turn in now.elements()).items():
                found[level] += BusyTime(seconds * of_level, seconds * idle * of_level / number)
        for change, turn in changes[moment]:
            running[turn] += change
        last = moment
    return found
