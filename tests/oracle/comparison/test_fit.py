"""The fit of S-Cyc: what it recovers, what it admits not to know, and how long it takes."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.comparison import Fit, OracleLevel, fit_scyc, rivals
from oracle.comparison.bootstrap import Bootstrap, bootstrap
from oracle.comparison.families import Range, SCycFamily
from oracle.comparison.identifiability import identify
from oracle.comparison.objective import targets
from oracle.results.intervals import DecidedLevel, Interval
from oracle.results.intervals.paired import dunnett_quantile
from scyc import Constant, InputError, SCyc
from tests.oracle.comparison.surfaces import P, known, narrow, paired, surface, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison import HeldOut
    from oracle.results.intervals.rule import Judge

S_SHAPED = SCyc(0.08, 0.2, 5.0, 2, P)
FLAT = Constant(0.1)


def row(fit: Fit, family: str) -> HeldOut:
    return next(row for row in fit.held_out if row.family == family)


def verdicts(fit: Fit, family: str) -> tuple[str | None, str | None]:
    """By the distance to the interval, and to the centre."""
    interval, centre = row(fit, family).to_interval, row(fit, family).to_centre
    return interval.verdict if interval else None, centre.verdict if centre else None


def log_error(fit: Fit, truth: SCyc) -> float:
    return max(abs(math.log(max_lr / truth(m))) for m, max_lr in zip(fit.levels, fit.max_lr, strict=True))


@pytest.mark.slow
class TestRecovery:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        delta=st.floats(0.01, 0.3),
        rise=st.floats(0.2, 3.0),
        beta=st.floats(2.0, 8.0),
        q=st.integers(0, 5),
        levels=st.integers(13, 20),
        seed=st.integers(0, 10**6),
    )
    def test_of_a_known_schedule(self, delta: float, rise: float, beta: float, q: int, levels: int, seed: int) -> None:
        truth = SCyc(delta, rise * delta, beta, q, P)
        fit = fit_scyc(narrow([truth(m) for m in range(levels)], seed), P, within)
        # The oracle knows the truth to 2 %; nowhere is the curve off by more than 10 %, and not by 4 % on average.
        assert log_error(fit, truth) < 0.1
        off = [math.log(max_lr / truth(m)) for m, max_lr in enumerate(fit.max_lr)]
        assert math.sqrt(float(np.mean(np.square(off)))) < 0.04
        found = fit.schedule
        if fit.identified["delta"]:
            assert found.delta == pytest.approx(delta, rel=0.15)
        if fit.identified["epsilon"]:
            assert 1 / 1.5 < found.epsilon / truth.epsilon < 1.5
        if fit.identified["beta"]:
            assert 1 / 2 < found.beta / beta < 2
        if fit.identified["q"]:
            assert abs(found.q - q) <= 1

    def test_of_a_marked_rise_identifies_everything(self) -> None:
        truth = SCyc(0.08, 0.2, 3.0, 2, P)
        fit = fit_scyc(narrow([truth(m) for m in range(16)]), P, within)
        assert all(fit.identified.values()), fit.sentences
        assert fit.schedule.q == truth.q
        assert fit.schedule.beta == pytest.approx(truth.beta, rel=0.2)

    def test_a_steep_rise_is_a_jump_whatever_beta(self) -> None:
        truth = SCyc(0.08, 0.2, 15.0, 2, P)
        fit = fit_scyc(narrow([truth(m) for m in range(16)]), P, within)
        assert not fit.identified["beta"]
        assert fit.identified["delta"]
        assert fit.identified["epsilon"]

    def test_without_noise_is_exact(self) -> None:
        fit = fit_scyc(narrow([S_SHAPED(m) for m in range(13)], noise=0.0), P, within)
        assert log_error(fit, S_SHAPED) < 1e-3
        assert fit.objective < 1e-7

    @pytest.mark.parametrize("judge", [within, paired])
    def test_of_trained_candidates(self, judge: Judge) -> None:
        fit = fit_scyc(surface(S_SHAPED, judge=judge), P, judge)
        assert log_error(fit, S_SHAPED) < 0.25
        assert fit.band is not None
        assert all(low <= high for low, high in fit.band)

    def test_at_another_pruning_rate(self) -> None:
        truth = SCyc(0.08, 0.2, 3.0, 1, 0.5)
        fit = fit_scyc(narrow([truth(m) for m in range(8)], noise=0.0), 0.5, within)
        assert fit.schedule.p == 0.5
        assert log_error(fit, truth) < 1e-3

    def test_needs_no_particular_levels(self) -> None:
        levels = [known(m, S_SHAPED(m)) for m in (12, 1, 3, 4, 5, 6, 9)]
        fit = fit_scyc(levels, P, within)
        assert fit.levels == (1, 3, 4, 5, 6, 9, 12)
        assert log_error(fit, S_SHAPED) < 0.03


class TestResult:
    def test_is_the_same_twice_to_the_bit(self) -> None:
        assert fit_scyc(surface(S_SHAPED), P, paired) == fit_scyc(surface(S_SHAPED), P, paired)

    def test_does_not_depend_on_the_order_of_levels_and_candidates(self) -> None:
        levels = surface(S_SHAPED)
        shuffled = [
            dataclasses.replace(level, accuracies=dict(list(level.accuracies.items())[::-1])) for level in levels[::-1]
        ]
        assert fit_scyc(shuffled, P, paired) == fit_scyc(levels, P, paired)

    def test_turns_into_json(self) -> None:
        plain = json.loads(json.dumps(dataclasses.asdict(fit_scyc(surface(S_SHAPED), P, paired)), allow_nan=False))
        assert plain["schedule"].keys() == {"delta", "epsilon", "beta", "q", "p"}
        assert len(plain["held_out"]) == 5

    def test_takes_less_than_two_seconds(self) -> None:
        levels = surface(S_SHAPED)
        dunnett_quantile.cache_clear()
        start = time.process_time()
        fit_scyc(levels, P, paired)
        assert time.process_time() - start < 2.0

    def test_of_many_seeds_takes_less_than_three(self) -> None:
        levels = surface(S_SHAPED, seeds=8)
        start = time.process_time()
        fit_scyc(levels, P, paired)
        assert time.process_time() - start < 3.0


class TestIdentifiability:
    def test_a_flat_curve_determines_neither_q_nor_beta_nor_epsilon(self) -> None:
        fit = fit_scyc(narrow([0.1] * 13), P, within)
        assert fit.identified == {"delta": True, "epsilon": False, "beta": False, "q": False}
        assert "a constant max_lr is as good" in fit.sentences[0]
        assert log_error(fit, SCyc(0.1, 0.0, p=P)) < 0.05

    def test_where_the_levels_say_nothing_it_is_the_simplest(self) -> None:
        schedule = fit_scyc(narrow([0.1] * 13, noise=0.0), P, within).schedule
        assert schedule.q == 0
        assert schedule.beta == pytest.approx(5.0)
        assert schedule.epsilon == pytest.approx(0.0, abs=1e-3)

    def test_scatter_is_no_rise(self) -> None:
        scatter = np.random.default_rng(1).normal(0.0, 0.2, size=13)
        fit = fit_scyc([known(m, 0.1 * math.exp(off)) for m, off in enumerate(scatter)], P, within)
        assert not any(fit.identified[name] for name in ("epsilon", "beta", "q"))
        assert "a constant max_lr is as good" in fit.sentences[0]

    def test_a_rise_that_has_not_ended_leaves_epsilon_open(self) -> None:
        truth = SCyc(0.05, 0.2, 3.0, 3, P)
        fit = fit_scyc(narrow([truth(m) for m in range(7)]), P, within)
        assert not fit.identified["epsilon"]
        assert fit.identified["delta"]
        assert any(sentence.startswith("epsilon is not identified") for sentence in fit.sentences)

    def test_beta_is_open_when_no_level_lies_in_the_rise(self) -> None:
        levels = [known(m, S_SHAPED(m)) for m in (0, 1, 2, 12, 13, 14, 15)]
        fit = fit_scyc(levels, P, within)
        assert fit.identified["delta"]
        assert not fit.identified["beta"]
        assert not fit.identified["q"]
        assert any(sentence.startswith("beta is not identified") for sentence in fit.sentences)

    def test_delta_is_open_when_the_first_levels_are_missing(self) -> None:
        fit = fit_scyc([known(m, S_SHAPED(m)) for m in range(6, 16)], P, within)
        assert not fit.identified["delta"]

    def test_wide_intervals_determine_less_than_narrow_ones(self) -> None:
        truth = [S_SHAPED(m) for m in range(13)]
        wide = fit_scyc(narrow(truth, half_width=0.6), P, within)
        assert sum(wide.identified.values()) < 4
        assert log_error(wide, S_SHAPED) < 0.1

    @pytest.mark.parametrize(
        ("name", "spread"),
        [("delta", (0.05, 0.09)), ("epsilon", (0.19, 0.45)), ("beta", (1.0, 4.0)), ("q", (2.0, 5.0))],
    )
    def test_other_seeds_can_take_away_what_the_levels_determine(self, name: str, spread: tuple[float, float]) -> None:
        truth = SCyc(0.08, 0.2, 3.0, 2, P)
        levels = narrow([truth(m) for m in range(16)])
        aim, reach = targets(levels), Range.of(levels)
        family = SCycFamily(P, reach)
        parameters = family.fit(aim)[0][0]
        still = {name: (value, value) for name, value in family.named(parameters).items()}

        def identified(parameters_spread: dict[str, tuple[float, float]]) -> dict[str, bool]:
            refits = Bootstrap(parameters_spread, band=(), different=200)
            return identify(family, rivals.Constant(reach), parameters, aim, refits).identified

        assert all(identified(still).values())
        assert identified({**still, name: spread}) == {other: other != name for other in still}


class TestRivals:
    def test_a_constant_is_clearly_worse_on_an_s(self) -> None:
        for levels in (narrow([S_SHAPED(m) for m in range(13)]), surface(S_SHAPED)):
            fit = fit_scyc(levels, P, paired)
            assert verdicts(fit, "constant") == ("worse", "worse")
            ours, theirs = row(fit, "s-cyc").to_centre, row(fit, "constant").to_centre
            assert ours is not None
            assert theirs is not None
            assert theirs.rms > 3 * ours.rms

    @pytest.mark.parametrize("seed", range(5))
    def test_nothing_is_told_apart_on_a_flat_curve(self, seed: int) -> None:
        fit = fit_scyc(narrow([0.1] * 13, seed), P, within)
        assert {verdicts(fit, other.family) for other in fit.held_out[1:]} == {("not told apart", "not told apart")}
        assert fit.sentences[-1] == (
            "These levels do not show whether S-Cyc is better or worse than these: "
            "constant, linear, exponential, monotone."
        )

    def test_an_exponential_is_better_on_an_exponential(self) -> None:
        fit = fit_scyc(narrow([0.01 * (1 - P) ** -m for m in range(16)], half_width=0.02, noise=0.005), P, within)
        assert verdicts(fit, "exponential") == ("better", "better")
        assert any("S-Cyc stays farther from the intervals than these do" in sentence for sentence in fit.sentences)

    def test_s_cyc_comes_first_and_is_compared_with_nobody(self) -> None:
        first = fit_scyc(narrow([S_SHAPED(m) for m in range(13)]), P, within).held_out[0]
        assert first.family == "s-cyc"
        assert first.max_lr == pytest.approx([S_SHAPED(m) for m in range(13)], rel=0.1)
        assert first.to_interval is not None
        assert first.to_interval.difference is None

    def test_the_error_of_a_constant_by_hand(self) -> None:
        rates = [0.1, 0.1, 0.1, 0.1, 0.2]
        fit = fit_scyc([known(m, max_lr, half_width=None) for m, max_lr in enumerate(rates)], P, within)
        # Without intervals the constant is the mean log: a quarter of log 2 too high where 0.2 is among the others.
        off = math.log(2) * math.sqrt((4 * 0.25**2 + 1) / 5)
        centre = row(fit, "constant").to_centre
        assert centre is not None
        assert centre.rms == pytest.approx(off, rel=1e-4)
        assert row(fit, "constant").to_interval is None

    def test_four_levels_are_too_few_to_hold_one_out(self) -> None:
        fit = fit_scyc(narrow([S_SHAPED(m) for m in (0, 2, 4, 6)]), P, within)
        assert all(other.to_interval is None and other.to_centre is None for other in fit.held_out)
        assert "fewer than 5 levels" in fit.sentences[-1]


class TestIntervals:
    def test_inside_them_only_the_pull_is_felt(self) -> None:
        truth = [S_SHAPED(m) for m in range(13)]
        fit = fit_scyc(narrow(truth, noise=0.1, half_width=0.5), P, within)
        assert fit.objective < 0.01 * 0.1**2

    def test_an_open_bound_lets_the_curve_leave(self) -> None:
        # The candidates of levels 6 and 7 end at half of what the other levels ask for; the bound is open or not.
        others = [known(m, S_SHAPED(m)) for m in range(13) if m not in (6, 7)]

        def error(high_open: bool) -> float:
            ended = [known(m, S_SHAPED(m) / 2, high_open=high_open) for m in (6, 7)]
            return log_error(fit_scyc([*others, *ended], P, within), S_SHAPED)

        assert error(high_open=True) < 0.1 < 0.3 < error(high_open=False)

    def test_levels_without_an_interval_follow_the_winner(self) -> None:
        fit = fit_scyc([known(m, S_SHAPED(m), half_width=None) for m in range(13)], P, paired)
        assert log_error(fit, S_SHAPED) < 0.01
        assert all(other.to_interval is None for other in fit.held_out)
        assert verdicts(fit, "constant") == (None, "worse")

    def test_a_single_missing_interval_weighs_little(self) -> None:
        levels = [known(m, S_SHAPED(m)) for m in range(13)]
        levels[10] = known(10, 3 * S_SHAPED(10), half_width=None)
        assert log_error(fit_scyc(levels, P, within), S_SHAPED) < 0.1


class TestErrorBars:
    @pytest.mark.parametrize("seeds", [1, 2])
    def test_are_not_to_be_had_from_one_or_two_seeds(self, seeds: int) -> None:
        fit = fit_scyc(surface(S_SHAPED, seeds=seeds, judge=within), P, within)
        assert fit.errors == dict.fromkeys(("delta", "epsilon", "beta", "q"))
        assert fit.band is None
        assert any(f"With {seeds} seed" in sentence and "no error bars" in sentence for sentence in fit.sentences)

    def test_of_three_seeds_are_called_rough(self) -> None:
        sentences = fit_scyc(surface(S_SHAPED), P, paired).sentences
        assert any("10 different resamples of 3 seeds" in said and "rough" in said for said in sentences)

    def test_vanish_when_the_seeds_agree(self) -> None:
        fit = fit_scyc(surface(S_SHAPED, noise=0.0, judge=within), P, within)
        assert np.array(fit.band) == pytest.approx(np.array([fit.max_lr, fit.max_lr]).T, rel=1e-3)

    def test_grow_with_the_noise(self) -> None:
        def width(noise: float) -> float:
            band = fit_scyc(surface(S_SHAPED, seeds=6, noise=noise, judge=within), P, within).band
            assert band is not None
            return sum(math.log(high / low) for low, high in band)

        assert width(0.001) < width(0.004) < width(0.016)

    def test_take_a_seed_as_a_whole(self) -> None:
        # What a seed adds to every candidate of a level moves no winner and no interval, in no resample.
        levels = surface(S_SHAPED, judge=within)
        moved = [
            dataclasses.replace(
                level,
                accuracies={
                    max_lr: [value + 0.25 * (seed + level.level) for seed, value in enumerate(values)]
                    for max_lr, values in level.accuracies.items()
                },
            )
            for level in levels
        ]
        one, other = fit_scyc(levels, P, within).band, fit_scyc(moved, P, within).band
        assert one is not None
        assert np.array(other) == pytest.approx(np.array(one), rel=1e-6)

    def test_every_resample_is_fitted_once(self) -> None:
        # Accuracies that tell which seeds they came from.
        accuracies = {max_lr: [float(seed) for seed in range(4)] for max_lr in (0.1, 0.2)}
        levels = [OracleLevel(m, (1 - P) ** m, 0.1, accuracies, Interval(0.1, 0.1)) for m in range(3)]
        seen = []

        def judge(resampled: Sequence[DecidedLevel]) -> list[Interval | None]:
            for level in resampled:
                assert level.accuracies[0.1] == level.accuracies[0.2]
                seen.append(tuple(level.accuracies[0.1]))
            return within(resampled)

        found = bootstrap(levels, SCycFamily(P, Range.of(levels)), judge, refits=2000)
        assert found is not None
        assert found.different == math.comb(7, 4)
        assert {draw: seen.count(draw) for draw in seen} == dict.fromkeys(
            itertools.combinations_with_replacement((0.0, 1.0, 2.0, 3.0), 4), 3
        )

    def test_a_level_that_could_not_be_judged_stays_so(self) -> None:
        levels = surface(S_SHAPED)
        levels[3] = dataclasses.replace(levels[3], interval=None)
        judged = []

        def judge(resampled: Sequence[DecidedLevel]) -> list[Interval | None]:
            judged.append([level.level for level in resampled])
            return paired(resampled)

        assert fit_scyc(levels, P, judge).band is not None
        assert judged == [[m for m in range(13) if m != 3]] * 10


class TestRefusals:
    @pytest.mark.parametrize(("count", "said"), [(0, "there is none"), (1, "there is only 1"), (2, "there are only 2")])
    def test_too_few_levels(self, count: int, said: str) -> None:
        with pytest.raises(InputError, match=f"3 decided levels or more, but {said}"):
            fit_scyc(narrow([0.1] * count), P, within)

    @pytest.mark.parametrize("p", [0.0, 1.0, -0.2, math.nan])
    def test_a_pruning_rate_that_prunes_nothing_or_everything(self, p: float) -> None:
        with pytest.raises(InputError, match="p to be between 0 and 1"):
            fit_scyc(narrow([0.1] * 5), p, within)

    def test_three_levels_are_enough(self) -> None:
        fit = fit_scyc(narrow([0.1, 0.1, 0.2]), P, within)
        assert fit.max_lr == pytest.approx((0.1, 0.1, 0.2), rel=0.1)
        assert not fit.identified["epsilon"]
