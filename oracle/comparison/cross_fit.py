"""What a `max_lr` loses on the oracle's surface if nobody judges their own choice: cross-fitting over seeds.

The winner has the best of many noisy means, so a loss against it on the same scores is too large. Here, each seed
is judged by the winner that the other seeds choose by their validation score, and winner and schedule are both
judged on the test examples, which choose nothing.

What is left: the winner of one seed fewer is a little worse than the oracle's own, and a schedule that was tuned or
fitted on all seeds still has that advantage. So a schedule as good as the oracle comes out at 0 or a little below.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.comparison.levels import OracleLevel


def others_choices(level: OracleLevel) -> tuple[float, ...]:
    """Return, for each seed, the winner that the other seeds choose; nothing with one seed."""
    return level.others_choices


def cross_fitted(level: OracleLevel, max_lr: float) -> float | None:
    """Return how far the score at `max_lr` is below that of the winners that the other seeds choose.

    It is a mean over seeds, of the test scores if the level has them, else of the validation scores.
    None with one seed, and outside the candidates' range.
    """
    losses = []
    for seed, winner in enumerate(others_choices(level)):
        found = {rate: values[seed] for rate, values in level.judging.items()}
        here = level.interpolated(found, max_lr)
        if here is None:
            return None
        losses.append(found[winner] - here)
    return math.fsum(losses) / len(losses) if losses else None
