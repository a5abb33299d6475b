"""What the model of the surface says of a schedule, where the truth is known."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.comparison import OracleLevel, Verdict, judge, winner_of
from oracle.comparison.contenders import smooth
from oracle.comparison.modelled import percent
from oracle.results.intervals import RULES
from oracle.surface import Surface, fit_surface
from scyc import Constant, LevelSchedule, LinearRamp, Replay
from tests.oracle.surface.tops import CENTRES, RATES, loss, rate_at, study

if TYPE_CHECKING:
    from oracle.surface.observations import Floats

TRUE = Replay(tuple(rate_at(CENTRES).tolist()))


@cache
def levels(seed: int = 0) -> list[OracleLevel]:
    return [
        OracleLevel(one.level, 0.8**one.level, winner_of(one.scores), one.scores, answers=one.answers)
        for one in study(seed)
    ]


@cache
def surface(seed: int = 0) -> Surface:
    return fit_surface(levels(seed))


def judged(schedule: LevelSchedule, seed: int = 0, tolerance: float = 0.005) -> Verdict:
    return judge(schedule, levels(seed), surface(seed), tolerance, probable=True)


def truly(schedule: LevelSchedule) -> Floats:
    """What the schedule truly loses at each level, a fraction."""
    x = np.array([2 * math.log(schedule(m) / RATES[0]) / math.log(50) - 1 for m in range(len(CENTRES))])
    return np.asarray(np.diagonal(loss(x, CENTRES)) / 100)


def winners(seed: int) -> Replay:
    return Replay(tuple(level.winner for level in levels(seed)))


class TestTruth:
    @pytest.mark.parametrize("schedule", [Constant(0.08), Constant(0.2), LinearRamp(0.05, 0.3, 12)])
    def test_the_mean_loss_is_about_the_true_one(self, schedule: LevelSchedule) -> None:
        model = judged(schedule).model
        assert model is not None
        assert model.regret.mean == pytest.approx(truly(schedule).mean(), abs=0.0015)
        assert model.regret.low < model.regret.mean < model.regret.high
        assert model.hits == pytest.approx((truly(schedule) <= 0.005).sum(), abs=1.5)

    def test_probabilities_are_high_where_little_is_lost_and_low_where_much_is(self) -> None:
        schedule = LinearRamp(0.05, 0.3, 12)
        for one, lost in zip(judged(schedule).levels, truly(schedule), strict=True):
            assert one.probability is not None
            assert lost < 0.0075 or one.probability < 0.5
            assert lost > 0.0025 or one.probability > 0.5

    def test_the_smooth_curve_loses_less_than_the_winners_and_the_model_knows(self) -> None:
        for seed in range(2):
            curve = smooth(surface(seed), levels(seed), winners(seed).values)
            assert truly(curve).mean() < 0.5 * truly(winners(seed)).mean()
            ours, theirs = judged(curve, seed).model, judged(winners(seed), seed).model
            assert ours is not None
            assert theirs is not None
            assert ours.regret.high < theirs.regret.low


class TestArithmetic:
    """By a second, plain implementation from the draws."""

    def test_over_the_levels(self) -> None:
        schedule = Constant(float(RATES[5]))
        place = int(np.abs(surface().grid - math.log(RATES[5])).argmin())
        drawn = surface().regret[:, :, place]
        verdict = judged(schedule)
        model = verdict.model
        assert model is not None
        assert model.levels == 13
        assert model.hits == pytest.approx((drawn <= 0.005).mean(axis=0).sum())
        assert model.hits == pytest.approx(sum(one.probability or 0 for one in verdict.levels))
        assert model.everywhere == pytest.approx((drawn.max(axis=1) <= 0.005).mean())
        assert model.on_average == pytest.approx((drawn.mean(axis=1) <= 0.005).mean())
        ends = np.quantile(drawn.mean(axis=1), (0.05, 0.95))
        assert [model.regret.low, model.regret.high] == pytest.approx(ends.tolist())
        one = verdict.levels[3].model_regret
        assert one is not None
        assert [one.mean, one.low, one.high] == pytest.approx(
            [drawn[:, 3].mean(), *np.quantile(drawn[:, 3], (0.05, 0.95))]
        )

    def test_all_together_are_no_more_probable_than_the_least_probable(self) -> None:
        verdict = judged(winners(0))
        assert verdict.model is not None
        assert verdict.model.everywhere <= min(one.probability or 0 for one in verdict.levels)
        assert verdict.model.examples

    def test_a_wider_tolerance_is_met_more_often(self) -> None:
        strict, lenient = (judged(Constant(0.1), tolerance=margin).model for margin in (0.002, 0.01))
        assert strict is not None
        assert lenient is not None
        assert strict.hits < lenient.hits
        assert strict.regret == lenient.regret


class TestUnknown:
    def test_levels_beyond_the_candidates_are_left_out(self) -> None:
        verdict = judged(Replay((*TRUE.values[:10], 1.5, 1.5, 1.5)))
        assert [one.probability is None for one in verdict.levels] == [False] * 10 + [True] * 3
        assert [one.model_regret is None for one in verdict.levels] == [False] * 10 + [True] * 3
        assert verdict.model is not None
        assert verdict.model.levels == 10
        assert verdict.model.hits > 9

    def test_beyond_them_everywhere_nothing_is_said(self) -> None:
        assert judged(Constant(1.5)).model is None

    def test_one_candidate_says_nothing(self) -> None:
        alone = [OracleLevel(0, 1.0, 0.1, {0.1: [0.5, 0.6]})]
        assert judge(Constant(0.1), alone, fit_surface(alone)).model is None


class TestWords:
    def test_the_sentence_says_what_is_expected_and_what_is_improbable(self) -> None:
        intervals = RULES["model"].intervals(levels(), 0.005)
        within = [replace(level, interval=one) for level, one in zip(levels(), intervals, strict=True)]
        verdict = judge(Constant(0.07), within, surface(), probable=True)
        model = verdict.model
        assert model is not None
        assert verdict.sentence.startswith(
            f"Within 0.5 points of the best at {model.hits:.1f} of 13 levels, expected ("
        )
        improbable = sum((one.probability or 0) < 0.1 for one in verdict.levels)
        assert f"improbable (below 10 %) at {improbable} of them (too low by up to " in verdict.sentence
        assert (
            f"by the model {100 * model.regret.mean:.2f} points to the best max_lr (90 % band "
            f"{100 * model.regret.low:.2f} to {100 * model.regret.high:.2f})" in verdict.sentence
        )
        plain = judge(Constant(0.07), within, surface()).sentence
        assert plain.startswith("Outside the oracle's interval at ")
        assert "by the model" in plain

    @pytest.mark.parametrize(
        ("probability", "said"),
        [(0.0, "under 1 %"), (0.01, "1 %"), (0.466, "47 %"), (0.99, "99 %"), (1.0, "over 99 %")],
    )
    def test_no_probability_is_nothing_or_certain(self, probability: float, said: str) -> None:
        assert percent(probability) == said
