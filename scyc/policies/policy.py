"""How a run trains every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from scyc.errors import InputError
from scyc.measured_schedules import MeasuredSchedule, Measurement
from scyc.profiles.profile import LevelProfile
from scyc.pruning import Rewind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.level_schedule import LevelSchedule
    from scyc.profiles import Profile


@dataclass(frozen=True)
class Policy:
    """How a run trains every level: `max_lr`, and where it differs from the study.

    Attributes:
        schedule: `max_lr` of each level, by its number alone or by something measured when it begins.
        profile: the learning rate within a level; None for the study's own.
        rewind: what a level starts from; None for the study's own.
        from_level: level from which profile and rewind apply, >= 0. Retraining variants have 1: their dense network is
            the study's.

    Raises:
        InputError: when there is no such rewind, or `from_level` is negative.
    """

    schedule: LevelSchedule | MeasuredSchedule
    profile: Profile | None = None
    rewind: Rewind | None = None
    from_level: int = 0

    def __post_init__(self) -> None:
        """Refuse a policy that cannot be run."""
        if self.rewind is not None and self.rewind not in get_args(Rewind):
            raise InputError(f"There is no rewind {self.rewind!r}: choose one of {', '.join(get_args(Rewind))}.")
        if self.from_level < 0:
            raise InputError(f"A policy's from_level is 0 (dense) or greater, but it is {self.from_level}.")

    @property
    def needs(self) -> Measurement | None:
        """What has to be measured when a level begins; None for a schedule that needs its number alone."""
        return self.schedule.needs if isinstance(self.schedule, MeasuredSchedule) else None

    def max_lr(self, level: int, measured: Sequence[float] = ()) -> float:
        """Return `max_lr` (> 0) of pruning level `level`.

        Args:
            level: number of prunings done, >= 0.
            measured: with `needs`, what was measured with the same seed when levels 0, 1, ..., `level` began;
                ignored without.

        Raises:
            InputError: when the schedule has no such level, or cannot make `max_lr` of what was measured.
        """
        if isinstance(self.schedule, MeasuredSchedule):
            return self.schedule.given(level, measured)
        return self.schedule(level)

    def profile_at(self, level: int) -> Profile | None:
        """Return the profile of `level`; None for the study's own."""
        if level < self.from_level:
            return None
        return self.profile.at(level) if isinstance(self.profile, LevelProfile) else self.profile

    def rewind_at(self, level: int) -> Rewind | None:
        """Return what `level` starts from; None for the study's own. Level 0 has nothing to go back to."""
        return self.rewind if level >= self.from_level else None
