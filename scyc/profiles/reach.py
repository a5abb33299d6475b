"""How near to `max_lr` the steps of a level come: a profile that rises may pass its peak between two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.errors import InputError

if TYPE_CHECKING:
    from scyc.profiles.profile import Profile

FEW, NEARLY = 0.5, 0.9
"""Share of a profile's peak that a level must reach, and below which it is said.

What a level falls short by is a factor on every `max_lr` that is found. Below one half the name is wrong by more than a
factor of two, beyond any grid's spacing; above nine tenths it is less than the step from one candidate to the next.
"""

_POINTS = 1024  # at which a profile is looked at for its peak


def reach(profile: Profile, steps: int) -> float:
    """Return the largest factor of a level's steps as a share of the profile's peak, from 0 to 1.

    A profile that stays below 1 on purpose, as those of the SILO authors do, is measured by its own peak; one that is
    0 throughout reaches 0.

    Args:
        profile: the learning rate within a level.
        steps: of the level, >= 1.
    """
    taken = max(profile(step / steps) for step in range(steps))
    peak = max(taken, *(profile(point / _POINTS) for point in range(_POINTS)))
    return taken / peak if peak > 0 else 0.0


def shortfall(profile: Profile, steps: int) -> str | None:
    """Return a sentence that says how far a level stays below its `max_lr`; None where it does not."""
    share = reach(profile, steps)
    if share >= NEARLY:
        return None
    count = "only 1 step" if steps == 1 else f"only {steps:,} steps"
    return (
        f"A level has {count}, and with the profile {profile!r} its largest learning rate is {share:.0%} of what "
        "max_lr stands for; give a level more steps (a smaller batch_size, more epochs), or choose a profile without "
        "a warm-up, such as constant."
    )


def check_reach(profile: Profile, steps: int) -> None:
    """Check that a level comes near its `max_lr`.

    Raises:
        InputError: its largest learning rate is less than `FEW` of what `max_lr` stands for.
    """
    if reach(profile, steps) < FEW:
        raise InputError(str(shortfall(profile, steps)))
