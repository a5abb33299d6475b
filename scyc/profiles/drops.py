"""Where a profile first drops, and the epoch after which a training shows what it is worth.

While the learning rate is at its peak, its noise hides which candidate is better. Right after the first drop their
order is nearly that of the end.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scyc.profiles.profile import Profile

_POINTS = 1024  # at which a profile is looked at for its drop
_SUDDEN = 1e-6  # what falls by less between two neighbouring numbers falls gradually


def first_drop(profile: Profile) -> float | None:
    """Return the progress, in (0, 1], at which the learning rate first jumps to less than half of what it was.

    None if it never does, as that of a cosine, a line or a constant.
    """
    points = [point / _POINTS for point in range(_POINTS + 1)]
    for before, after in pairwise(points):
        while _halved(profile, before, after):
            middle = (before + after) / 2
            if not before < middle < after:
                if profile(before) - profile(after) > _SUDDEN:
                    return after
                break
            if _halved(profile, before, middle):
                after = middle
            else:
                before = middle
    return None


def epoch_after_drop(profile: Profile, epochs: int) -> int | None:
    """Return the first epoch, from 0 on, that is trained after the profile's first drop from its first step on.

    None if the profile has no such drop, or if that is the last epoch or none.

    Args:
        profile: the learning rate within a level.
        epochs: of the level, >= 1.
    """
    drop = first_drop(profile)
    if drop is None:
        return None
    near = max(0, math.floor(drop * epochs) - 1)  # a level may have billions of steps
    return next((epoch for epoch in range(near, min(near + 4, epochs - 1)) if epoch / epochs >= drop), None)


def _halved(profile: Profile, before: float, after: float) -> bool:
    return profile(after) < profile(before) / 2
