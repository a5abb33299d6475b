"""The oracle interval: the range of max_lr that is as good as the winner.

The papers name the "Oracle optimized interval" but do not define it; the rules here are this project's own. A rule is a
module of this package and a row of `RULES`. Whatever shows intervals goes through `RULES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.results.intervals.interval import Interval
from oracle.results.intervals.model import MODEL
from oracle.results.intervals.paired import PAIRED
from oracle.results.intervals.rule import DecidedLevel, Rule
from oracle.results.intervals.within import WITHIN
from oracle.searching.candidates import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_RULE", "RULES", "TOLERANCE", "DecidedLevel", "Interval", "Rule"]

RULES: Mapping[str, Rule] = {
    "within": WITHIN,
    "paired": PAIRED,
    "model": MODEL,
}
"""By name, in the order in which they are shown."""

DEFAULT_RULE = "model"
"""Name of the rule that headlines and comparisons use by default."""
