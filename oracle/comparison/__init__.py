"""The comparison of level schedules with the oracle: pure functions of the oracle's surface."""

from __future__ import annotations

from oracle.comparison.compare import Comparison, as_python, compare, to_json
from oracle.comparison.fit import Fit, fit_scyc
from oracle.comparison.held_out import HeldOut, HeldOutError
from oracle.comparison.surface import OracleLevel, winner_of
from oracle.comparison.verdict import LevelVerdict, Verdict, judge

__all__ = [
    "Comparison",
    "Fit",
    "HeldOut",
    "HeldOutError",
    "LevelVerdict",
    "OracleLevel",
    "Verdict",
    "as_python",
    "compare",
    "fit_scyc",
    "judge",
    "to_json",
    "winner_of",
]
