"""Comparing level schedules with the oracle: on its surface, and by training them."""

from __future__ import annotations

from oracle.comparison.compare import Comparison, compare, compare_study, fit_study, study_contenders
from oracle.comparison.contenders import USUAL, pick
from oracle.comparison.curse import WinnersCurse
from oracle.comparison.fit import Fit, fit_scyc
from oracle.comparison.held_out import HeldOut, HeldOutError
from oracle.comparison.levels import OracleLevel, winner_of
from oracle.comparison.modelled import Credible, Modelled
from oracle.comparison.plain import as_python, to_json
from oracle.comparison.regret import Estimate, Regret
from oracle.comparison.trained import TrainedLevel, TrainedRun
from oracle.comparison.verdict import LevelVerdict, Verdict, judge

__all__ = [
    "USUAL",
    "Comparison",
    "Credible",
    "Estimate",
    "Fit",
    "HeldOut",
    "HeldOutError",
    "LevelVerdict",
    "Modelled",
    "OracleLevel",
    "Regret",
    "TrainedLevel",
    "TrainedRun",
    "Verdict",
    "WinnersCurse",
    "as_python",
    "compare",
    "compare_study",
    "fit_scyc",
    "fit_study",
    "judge",
    "pick",
    "study_contenders",
    "to_json",
    "winner_of",
]
