"""The rule `within`: a `max_lr` is as good as the winner if it loses no more than a stated tolerance."""

from __future__ import annotations

from oracle.results.intervals.interval import around
from oracle.results.intervals.rule import Rule, level_by_level

WITHIN = Rule(
    level_by_level(around),
    "the range of max_lr around the winner whose mean validation {metric} is at most {margin} {lower}, with bounds "
    "interpolated between candidates in log max_lr; it makes no allowance for noise",
    needs="two candidates or more",
    tolerant=True,
)
