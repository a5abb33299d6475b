"""Cross-fitted regret: nobody judges their own choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.comparison import OracleLevel, judge, winner_of
from oracle.comparison.cross_fit import cross_fitted, others_choices
from oracle.comparison.curse import winners_curse
from oracle.results.intervals import Interval
from scyc import Constant

LEVEL = OracleLevel(
    0,
    1.0,
    0.2,
    {0.1: [0.80, 0.90], 0.2: [0.95, 0.80], 0.4: [0.70, 0.70]},
    test_scores={0.1: [0.50, 0.60], 0.2: [0.55, 0.52], 0.4: [0.30, 0.40]},
)


def test_each_seed_is_judged_by_what_the_other_chooses_on_the_test_examples() -> None:
    assert others_choices(LEVEL) == (0.1, 0.2)
    assert cross_fitted(LEVEL, 0.4) == pytest.approx(((0.50 - 0.30) + (0.52 - 0.40)) / 2)
    assert cross_fitted(LEVEL, 0.2) == pytest.approx((0.50 - 0.55) / 2)


def test_without_test_accuracies_the_seed_left_out_judges() -> None:
    assert cross_fitted(replace(LEVEL, test_scores={}), 0.4) == pytest.approx(((0.80 - 0.70) + (0.80 - 0.70)) / 2)
    level = replace(LEVEL, test_scores={}, interval=Interval(0.1, 0.4))
    assert "10.00 points of validation accuracy lost" in judge(Constant(0.4), [level]).sentence


def test_needs_two_seeds_and_a_candidate_on_each_side() -> None:
    alone = OracleLevel(0, 1.0, 0.2, {0.1: [0.8], 0.2: [0.9]})
    assert cross_fitted(alone, 0.1) is None
    assert alone.regret(0.1) == pytest.approx(0.1)
    assert cross_fitted(LEVEL, 0.5) is None


def test_where_candidates_differ_by_chance_alone_nothing_is_lost() -> None:
    rng = np.random.default_rng(0)
    rates = np.geomspace(0.1, 1, 10)
    fair, raw, curse = [], [], []
    for _ in range(200):
        val, test = (0.9 + 0.01 * rng.standard_normal((10, 3)) for _ in range(2))
        accuracies = dict(zip(rates.tolist(), val.tolist(), strict=True))
        tests = dict(zip(rates.tolist(), test.tolist(), strict=True))
        level = OracleLevel(0, 1.0, winner_of(accuracies), accuracies, test_scores=tests)
        fair.append(cross_fitted(level, rates[4]) or 0.0)
        raw.append(level.regret(rates[4]) or 0.0)
        curse.append(winners_curse([level], None, [0, 1, 2]).examples or 0.0)
    assert np.mean(raw) == pytest.approx(0.0089, abs=0.001)  # the best of ten means: 1.54 sd of a mean
    assert np.mean(fair) == pytest.approx(0, abs=0.002)
    assert np.mean(curse) == pytest.approx(0.0099, abs=0.0015)  # 10 / 9 of it: the neighbours had bad luck
