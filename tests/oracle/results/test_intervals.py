"""The two rules of the oracle interval: by hand, against published tables, and by simulation."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from oracle.results.intervals import DEFAULT_RULE, RULES, TOLERANCE, DecidedLevel, Interval
from oracle.results.intervals import paired as paired_rule
from oracle.results.intervals.interval import SLACK
from oracle.results.intervals.noise import pooled
from oracle.results.intervals.paired import ERROR_RATE, RACE, dunnett_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

thorough = settings(max_examples=80, deadline=None, derandomize=True)
random_seeds = st.integers(0, 10**6)


def one_seed(*means: float) -> dict[float, list[float]]:
    """One seed's accuracies at max_lr 0.1, 0.2, 0.4, ..."""
    return {0.1 * 2**i: [mean] for i, mean in enumerate(means)}


def rates(count: int) -> list[float]:
    return [0.1 * 2**i for i in range(count)]


def table(accuracies: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> dict[float, list[float]]:
    """Candidates by row, seeds by column."""
    return dict(zip(rates(len(accuracies)), accuracies.tolist(), strict=True))


def winner_of(accuracies: dict[float, list[float]]) -> float:
    return max(accuracies, key=lambda max_lr: math.fsum(accuracies[max_lr]))


def noisy(seed: int, candidates: int = 7, seeds: int = 3, noise: float = 0.004) -> dict[float, list[float]]:
    """A peak with noise."""
    rng = np.random.default_rng(seed)
    peak = 0.9 - 0.002 * (np.arange(candidates) - rng.uniform(0, candidates - 1)) ** 2
    return table(peak[:, None] + noise * rng.standard_normal((candidates, seeds)))


def study(tables: Sequence[dict[float, list[float]]]) -> list[DecidedLevel]:
    return [DecidedLevel(m, 0.8**m, winner_of(table), table) for m, table in enumerate(tables)]


def within(accuracies: dict[float, list[float]], winner: float, tolerance: float = TOLERANCE) -> Interval | None:
    [interval] = RULES["within"].judge([DecidedLevel(0, 1.0, winner, accuracies)], tolerance)
    return interval


def paired(accuracies: dict[float, list[float]], winner: float, error_rate: float = ERROR_RATE) -> Interval | None:
    """The interval of a study of one level."""
    [interval] = paired_rule.paired([DecidedLevel(0, 1.0, winner, accuracies)], error_rate)
    return interval


def found(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


class TestRules:
    def test_are_these(self) -> None:
        assert list(RULES) == ["within", "paired", "model"]
        assert DEFAULT_RULE in RULES

    @pytest.mark.parametrize("name", RULES)
    def test_judge_levels_in_their_order(self, name: str) -> None:
        levels, rule = study([noisy(seed) for seed in range(4)]), RULES[name]
        assert rule.judge(levels, 0.01) == rule.judge(levels[::-1], 0.01)[::-1] == rule.at(0.01)(levels)
        assert len(set(rule.judge(levels, 0.01))) == 4

    def test_within_judges_each_level_as_if_it_were_alone(self) -> None:
        levels, rule = study([noisy(seed) for seed in range(4)]), RULES["within"]
        assert rule.judge(levels, 0.01) == [rule.judge([level], 0.01)[0] for level in levels]

    @pytest.mark.parametrize("name", RULES)
    def test_use_the_tolerance_if_they_say_so(self, name: str) -> None:
        rule, table = RULES[name], noisy(0)
        narrow, wide = (rule.judge([DecidedLevel(0, 1.0, winner_of(table), table)], t) for t in (0.002, 0.02))
        assert (narrow != wide) == rule.tolerant
        assert ("2 points" in rule.defined(0.02)) == rule.tolerant

    def test_can_be_named_without_numpy(self) -> None:
        script = "import sys, oracle.results.intervals; print(*{'numpy', 'scipy', 'torch'} & sys.modules.keys())"
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
        assert ended.stdout.strip() == ""


class TestOff:
    @pytest.mark.parametrize(
        ("max_lr", "off"),
        [(0.15, 1.0), (0.3, 1.5), (0.2 * (1 + SLACK / 2), 1.0), (0.1 / (1 + SLACK / 2), 1.0), (0.6, 3.0), (0.05, 0.5)],
    )
    def test_is_one_inside_and_within_the_slack(self, max_lr: float, off: float) -> None:
        assert Interval(0.1, 0.2).off(max_lr) == pytest.approx(off)

    @thorough
    @given(st.floats(1e-4, 1e2))
    def test_a_miss_shows_in_two_digits(self, max_lr: float) -> None:
        off = Interval(0.1, 0.2).off(max_lr)
        assert off == 1.0 or f"{max(off, 1 / off):.2f}" != "1.00"

    def test_beyond_an_open_bound_nothing_was_tried(self) -> None:
        assert Interval(0.1, 0.2, low_open=True).off(0.001) == Interval(0.1, 0.2, high_open=True).off(9.0) == 1.0


class TestWithin:
    def test_bounds_lie_where_the_mean_crosses_half_a_point(self) -> None:
        # one point below on either side: half way there in log max_lr
        interval = found(within(one_seed(0.89, 0.90, 0.89), winner=0.2))
        assert interval.low == pytest.approx(math.sqrt(0.1 * 0.2))
        assert interval.high == pytest.approx(math.sqrt(0.2 * 0.4))
        assert not interval.low_open
        assert not interval.high_open

    def test_bounds_are_interpolated_from_the_last_candidate_inside(self) -> None:
        # 0.90, 0.898 | 0.890: the threshold 0.895 lies 3/8 of the way from the second to the third
        interval = found(within(one_seed(0.80, 0.90, 0.898, 0.890), winner=0.2))
        assert interval.high == pytest.approx(0.4 * 2 ** (3 / 8))
        assert interval.low == pytest.approx(0.2 * 0.5 ** (1 / 20))

    def test_the_mean_is_taken_over_seeds(self) -> None:
        by_seed = {0.1: [0.80, 0.98], 0.2: [0.95, 0.85], 0.4: [0.85, 0.93]}
        interval = found(within(by_seed, 0.2))
        assert (interval.low, interval.high) == pytest.approx((math.sqrt(0.1 * 0.2), math.sqrt(0.2 * 0.4)))

    def test_a_bound_that_the_candidates_do_not_reach_is_open(self) -> None:
        assert within(one_seed(0.898, 0.90, 0.80), winner=0.2) == Interval(
            0.1,
            pytest.approx(0.2 * 2 ** (1 / 20)),  # type: ignore[arg-type]
            low_open=True,
            high_open=False,
        )

    def test_a_winner_on_the_edge_is_its_own_open_bound(self) -> None:
        interval = found(within(one_seed(0.80, 0.90), winner=0.2))
        assert (interval.high, interval.high_open, interval.low_open) == (0.2, True, False)

    def test_a_plateau_belongs_to_it_as_a_whole(self) -> None:
        interval = found(within(one_seed(0.5, 0.90, 0.90, 0.90, 0.5), winner=0.2))
        assert interval.low < 0.2
        assert interval.high > 0.8
        assert interval.high == pytest.approx(0.8, rel=0.02)

    def test_everything_as_good_as_the_winner_is_open_on_both_sides(self) -> None:
        assert within(one_seed(0.9, 0.9, 0.9), winner=0.1) == Interval(0.1, 0.4, low_open=True, high_open=True)

    def test_what_lies_behind_a_dip_is_left_out(self) -> None:
        interval = found(within(one_seed(0.899, 0.88, 0.90, 0.88, 0.899), winner=0.4))
        assert 0.2 < interval.low < 0.4 < interval.high < 0.8

    def test_the_tolerance_can_be_chosen(self) -> None:
        accuracies = one_seed(0.89, 0.90, 0.89)
        assert within(accuracies, 0.2) == within(accuracies, 0.2, TOLERANCE) != within(accuracies, 0.2, 0.02)
        assert within(accuracies, 0.2, 0.02) == Interval(0.1, 0.4, low_open=True, high_open=True)

    def test_no_tolerance_leaves_the_winner_alone(self) -> None:
        assert within(one_seed(0.89, 0.90, 0.89), 0.2, tolerance=0.0) == Interval(0.2, 0.2)

    def test_no_tolerance_keeps_the_winners_equals(self) -> None:
        interval = found(within(one_seed(0.89, 0.90, 0.90, 0.89), 0.2, tolerance=0.0))
        assert (interval.low, interval.high) == pytest.approx((0.2, 0.4))

    def test_the_order_of_the_candidates_is_of_no_account(self) -> None:
        accuracies = one_seed(0.88, 0.90, 0.897, 0.85)
        assert within(dict(reversed(accuracies.items())), 0.2) == within(accuracies, 0.2)

    def test_a_single_candidate_has_no_interval(self) -> None:
        assert within({0.1: [0.9, 0.9]}, 0.1) is None

    @thorough
    @given(random_seeds, st.floats(0, 0.05))
    def test_holds_the_winner_and_never_leaves_the_candidates(self, seed: int, tolerance: float) -> None:
        accuracies = noisy(seed)
        winner = winner_of(accuracies)
        interval = found(within(accuracies, winner, tolerance))
        assert min(accuracies) <= interval.low <= winner <= interval.high <= max(accuracies)
        assert interval.low_open == (interval.low == min(accuracies))
        assert interval.high_open == (interval.high == max(accuracies))


# One-sided 5 % points for comparisons with one group, from the tables of Dunnett (JASA 50, 1955).
DUNNETT = {
    5: [2.02, 2.44, 2.68, 2.85, 2.98, 3.08, 3.16, 3.24, 3.30],
    10: [1.81, 2.15, 2.34, 2.47, 2.56, 2.64, 2.70, 2.76, 2.81],
    20: [1.72, 2.03, 2.19, 2.30, 2.39, 2.46, 2.51, 2.56, 2.60],
    10**6: [1.64, 1.92, 2.06, 2.16, 2.23, 2.29, 2.34, 2.38, 2.42],
}


class TestDunnettQuantile:
    @pytest.mark.parametrize("freedom", DUNNETT)
    def test_agrees_with_the_published_table(self, freedom: int) -> None:
        computed = [dunnett_quantile(comparisons, freedom) for comparisons in range(1, 10)]
        assert computed == pytest.approx(DUNNETT[freedom], abs=0.0101)

    @pytest.mark.parametrize("freedom", [1, 2, 5, 10, 40])
    @pytest.mark.parametrize("level", [0.01, 0.05, 0.2])
    def test_of_one_comparison_is_students(self, freedom: int, level: float) -> None:
        assert dunnett_quantile(1, freedom, level) == pytest.approx(student.ppf(1 - level, freedom), rel=1e-4)

    @pytest.mark.parametrize(("comparisons", "freedom"), [(3, 8), (11, 22)])
    def test_is_exceeded_as_often_as_it_says(self, comparisons: int, freedom: int) -> None:
        rng = np.random.default_rng(0)
        groups = rng.standard_normal((200_000, comparisons + 1))
        spread = np.sqrt(rng.chisquare(freedom, len(groups)) / freedom)
        largest = (groups[:, 1:].max(axis=1) - groups[:, 0]) / (math.sqrt(2) * spread)
        exceeded = float((largest > dunnett_quantile(comparisons, freedom)).mean())
        assert exceeded == pytest.approx(0.05, abs=0.002)

    def test_grows_with_the_comparisons_and_falls_with_the_error_rate(self) -> None:
        assert dunnett_quantile(2, 10) < dunnett_quantile(3, 10) < dunnett_quantile(30, 10)
        assert dunnett_quantile(3, 10, 0.1) < dunnett_quantile(3, 10, 0.05) < dunnett_quantile(3, 10, 0.01)


class TestPaired:
    def test_of_two_candidates_is_the_paired_t_test(self) -> None:
        # Differences 0.01, 0.02, 0.03: mean 0.02, standard deviation 0.01, so the margin is
        # t(0.95; 2) * 0.01 / sqrt(3) = 2.920 * 0.005774 = 0.01686: 84.3 % of the way to the loser.
        interval = found(paired({0.1: [0.80, 0.81, 0.82], 0.2: [0.81, 0.83, 0.85]}, winner=0.2))
        assert interval.low == pytest.approx(0.2 * 0.5**0.84294, rel=1e-3)
        assert (interval.high, interval.low_open, interval.high_open) == (0.2, False, True)

    def test_of_three_candidates_by_hand(self) -> None:
        # Row means 0.82, 0.83, 0.815; residuals +-0.005, -+0.01, +-0.005, so s^2 = 3e-4 / 2 with 2 degrees of
        # freedom; Dunnett's one-sided value for 2 comparisons is d, and the margin d * s * sqrt(2 / 2).
        accuracies = {0.1: [0.825, 0.815], 0.2: [0.82, 0.84], 0.4: [0.82, 0.81]}
        margin = dunnett_quantile(2, 2) * math.sqrt(3e-4 / 2)
        assert 0.03 < margin < 0.06
        assert paired(accuracies, 0.2) == Interval(0.1, 0.4, low_open=True, high_open=True)
        tenfold = {0.1: [0.8205, 0.8195], 0.2: [0.829, 0.831], 0.4: [0.8155, 0.8145]}
        interval = found(paired(tenfold, 0.2))
        assert interval.low == pytest.approx(0.2 * 0.5 ** (margin / 10 / 0.01), rel=1e-6)
        assert interval.high == pytest.approx(0.2 * 2 ** (margin / 10 / 0.015), rel=1e-6)

    def test_candidates_that_differ_by_the_same_on_every_seed_are_told_apart(self) -> None:
        accuracies = {0.1: [0.5, 0.7, 0.9], 0.2: [0.51, 0.71, 0.91], 0.4: [0.5, 0.7, 0.9]}
        interval = found(paired(accuracies, winner=0.2))
        assert interval.low == pytest.approx(0.2)
        assert interval.high == pytest.approx(0.2)

    def test_a_stricter_error_rate_makes_it_wider(self) -> None:
        accuracies = {0.1: [0.880, 0.882], 0.2: [0.898, 0.900], 0.4: [0.891, 0.889], 0.8: [0.870, 0.872]}
        winner = 0.2
        strict, usual = (found(paired(accuracies, winner, level)) for level in (0.01, 0.2))
        assert strict.low < usual.low <= usual.high < strict.high

    @pytest.mark.parametrize(
        "accuracies",
        [
            {0.1: [0.8], 0.2: [0.9]},
            {0.2: [0.9, 0.91, 0.92]},
        ],
        ids=["one seed", "one candidate"],
    )
    def test_is_not_judged_without_anything_to_judge_by(self, accuracies: dict[float, list[float]]) -> None:
        assert paired(accuracies, winner=0.2) is None

    def test_a_winner_far_ahead_is_judged_by_its_runner_up(self) -> None:
        accuracies = {0.1: [0.5, 0.3], 0.2: [0.9, 0.91], 0.4: [0.6, 0.6]}
        quiet = accuracies | {0.1: [0.4, 0.4]}
        assert paired(accuracies, winner=0.2) == paired(quiet, winner=0.2) != paired(quiet | {0.4: [0.7, 0.5]}, 0.2)

    def test_a_kept_candidate_beyond_a_dip_is_inside_and_the_dip_is_a_gap(self) -> None:
        dip = {0.1: [0.90, 0.89], 0.2: [0.901, 0.892], 0.4: [0.86, 0.85], 0.8: [0.90, 0.891], 1.6: [0.7, 0.7]}
        interval = found(paired(dip, winner=0.2))
        assert 0.8 < interval.high < 1.6
        assert (interval.low, interval.low_open, interval.gaps) == (0.1, True, (0.4,))
        assert found(within(dip, 0.2)).gaps == ()

    def test_a_gap_beyond_a_candidate_that_diverged_is_none(self) -> None:
        dip = {0.1: [0.90, 0.89], 0.2: [0.86, 0.85], 0.4: [0.9, 0.89], 0.8: [0.901, 0.892]}
        level = DecidedLevel(0, 1.0, 0.8, dip, diverged=frozenset({0.4}))
        [interval] = RULES["paired"].intervals([level], 0.005)
        assert (found(interval).low, found(interval).gaps) == (0.8, ())

    @thorough
    @given(random_seeds, st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3))
    def test_what_a_seed_adds_to_every_candidate_changes_nothing(self, seed: int, blocks: list[float]) -> None:
        accuracies = noisy(seed)
        winner = winner_of(accuracies)
        moved = {lr: [a + b for a, b in zip(row, blocks, strict=True)] for lr, row in accuracies.items()}
        plain, shifted = found(paired(accuracies, winner)), found(paired(moved, winner))
        assert (shifted.low_open, shifted.high_open) == (plain.low_open, plain.high_open)
        assert shifted.low == pytest.approx(plain.low, rel=1e-6)
        assert shifted.high == pytest.approx(plain.high, rel=1e-6)

    @thorough
    @given(random_seeds, st.permutations(range(3)))
    def test_the_order_of_the_seeds_changes_nothing(self, seed: int, order: Sequence[int]) -> None:
        accuracies = noisy(seed)
        winner = winner_of(accuracies)
        plain = found(paired(accuracies, winner))
        permuted = found(paired({lr: [row[i] for i in order] for lr, row in accuracies.items()}, winner))
        assert (permuted.low, permuted.high) == pytest.approx((plain.low, plain.high))

    @thorough
    @given(random_seeds)
    def test_more_noise_about_the_same_means_makes_it_wider(self, seed: int) -> None:
        accuracies = noisy(seed)
        winner = winner_of(accuracies)
        values = np.array(list(accuracies.values()))
        means = values.mean(axis=1, keepdims=True)
        quiet, loud = (found(paired(table(means + scale * (values - means)), winner)) for scale in (0.3, 3.0))
        assert loud.low <= quiet.low <= winner <= quiet.high <= loud.high
        assert (loud.low, loud.high) != (quiet.low, quiet.high)

    def test_the_noise_of_a_candidate_out_of_the_race_is_of_no_account(self) -> None:
        accuracies = {**noisy(5, candidates=4), 1.6: [0.1, 0.1, 0.1], 3.2: [0.1, 0.1, 0.1]}
        winner = winner_of(accuracies)
        wild = {**accuracies, 3.2: [0.0, 0.0, 0.3]}
        assert paired(wild, winner) == paired(accuracies, winner)
        in_the_race = {**accuracies, 3.2: [0.9 - RACE / 2, 0.84, 0.95]}
        assert paired(in_the_race, winner) != paired(accuracies, winner)

    @thorough
    @given(random_seeds)
    def test_holds_the_winner(self, seed: int) -> None:
        accuracies = noisy(seed)
        winner = winner_of(accuracies)
        interval = found(paired(accuracies, winner))
        assert interval.low <= winner <= interval.high


class TestNoise:
    def test_of_levels_that_agree_is_one_variance(self) -> None:
        assert pooled([2.0, 4.0, 6.0], [2, 4, 6]) == [(1.0, 12.0)] * 3

    def test_of_a_level_alone_is_its_own(self) -> None:
        assert pooled([3.0], [6]) == [(0.5, 6.0)]

    def test_of_a_level_without_rivals_is_what_the_others_have(self) -> None:
        assert pooled([2.0, 0.0, 4.0], [2, 0, 4]) == [(1.0, 6.0)] * 3

    def test_without_any_is_none(self) -> None:
        assert pooled([0.0, 0.0], [2, 2]) == [(0.0, 4.0)] * 2

    def test_of_levels_that_differ_is_drawn_together_by_hand(self) -> None:
        # Log variances 0, 0 and log 100, 4 degrees of freedom each: their variance is (log 100)^2 / 3 = 7.069, chance
        # accounts for trigamma(2) = 0.6449, and trigamma(x) = 6.424 at x = 0.4293. So the levels have 0.859 degrees of
        # freedom in common, with log variance (log 100) / 3 - digamma(2) + log 2 + digamma(x) - log x = 0.2897.
        # Those below the common (4 + 4 + 400) / 12 = 34 count as 34.
        variances, freedoms = zip(*pooled([4.0, 4.0, 400.0], [4, 4, 4]), strict=True)
        assert freedoms == pytest.approx([4.859] * 3, abs=2e-3)
        assert variances == pytest.approx([34, 34, (0.859 * math.exp(0.2897) + 400) / 4.859], rel=2e-3)

    @thorough
    @given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 30)), min_size=1, max_size=8))
    def test_is_never_below_that_of_all_levels_nor_surer_than_all(self, levels: list[tuple[float, int]]) -> None:
        squares, freedoms = zip(*levels, strict=True)
        total, least = sum(freedoms), math.fsum(squares) / sum(freedoms)
        for (variance, freedom), own in zip(pooled(squares, freedoms), freedoms, strict=True):
            assert variance >= least * (1 - 1e-12)
            assert own <= freedom <= total

    def test_a_noisy_level_is_wider_and_lends_others_its_noise(self) -> None:
        quiet, loud = noisy(1, noise=0.001), noisy(2, noise=0.01)
        alone, together = paired_rule.paired(study([quiet] * 3)), paired_rule.paired(study([quiet, quiet, loud]))
        assert found(together[0]).low < found(alone[0]).low
        assert found(together[0]).high > found(alone[0]).high


def misses(truth: list[float], seeds: int, noise: Sequence[float], studies: int = 60) -> tuple[float, float]:
    """How often levels' intervals miss the truly best, and how many candidates they hold on average.

    Args:
        truth: of the candidates, at every level.
        seeds: how many.
        noise: of each level.
        studies: how many are simulated.
    """
    rng = np.random.default_rng(0)
    means, best = np.array(truth), rates(len(truth))[int(np.argmax(truth))]
    blocks = 0.02 * rng.standard_normal((studies, len(noise), 1, seeds))
    errors = rng.standard_normal((studies, len(noise), len(truth), seeds)) * np.array(noise)[:, None, None]
    held = [
        [interval.low <= max_lr <= interval.high for max_lr in (best, *rates(len(truth)))]
        for tables in means[:, None] + blocks + errors
        for interval in map(found, paired_rule.paired(study([table(each) for each in tables])))
    ]
    missed, *inside = 1 - np.mean(held, axis=0)
    return float(missed), float(len(truth) - sum(inside))


LEVELS = [0.004] * 12
PLATEAU = [0.9 + 1e-9 * (i == 0) for i in range(8)]
PEAK = [0.9 - 0.002 * (i - 3.3) ** 2 for i in range(8)]
CHANCE = 3 * math.sqrt(0.05 * 0.95 / (60 * len(LEVELS)))
"""Three standard errors of how often one in twenty is missed."""


class TestCoverage:
    @pytest.mark.parametrize("seeds", [2, 3, 5, 10])
    def test_of_equals_the_one_at_the_end_is_missed_in_five_per_cent(self, seeds: int) -> None:
        missed, _ = misses(PLATEAU, seeds, LEVELS)
        assert missed == pytest.approx(0.05, abs=CHANCE)

    def test_of_equals_too_noisy_for_the_race_it_is_so_too(self) -> None:
        missed, _ = misses(PLATEAU, 3, [3 * RACE] * 12)
        assert missed == pytest.approx(0.05, abs=CHANCE)

    @pytest.mark.parametrize("seeds", [2, 3, 10])
    def test_of_a_peak_the_best_is_missed_in_five_per_cent_at_most(self, seeds: int) -> None:
        missed, _ = misses(PEAK, seeds, LEVELS)
        assert missed <= 0.05

    def test_levels_whose_noise_differs_are_all_covered_on_average(self) -> None:
        missed, _ = misses(PLATEAU, 3, list(np.geomspace(0.002, 0.008, 12)))
        assert missed <= 0.05 + CHANCE

    def test_more_seeds_make_it_narrower(self) -> None:
        _, few = misses(PEAK, 2, LEVELS, studies=10)
        _, many = misses(PEAK, 8, LEVELS, studies=10)
        assert many < few - 0.5


class TestDivergence:
    """A candidate that diverged lies in no interval, whatever accuracy was measured."""

    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize(
        ("accuracies", "diverged", "outside"),
        [
            ({0.1: [0.85, 0.85], 0.2: [0.85, 0.86], 0.4: [0.88, 0.88]}, {0.4}, {0.4}),  # class 0 is common
            ({0.1: [0.88, 0.88], 0.2: [0.84, 0.86], 0.4: [0.85, 0.85]}, {0.1}, {0.1}),
            ({0.1: [0.11, 0.10], 0.2: [0.12, 0.10], 0.4: [0.12, 0.0], 0.8: [0.11, 0.11]}, {0.4}, {0.4, 0.8}),
        ],
        ids=["above", "below", "a good one lies beyond"],
    )
    def test_the_interval_ends_before_it(
        self, rule: str, accuracies: dict[float, list[float]], diverged: set[float], outside: set[float]
    ) -> None:
        winner = winner_of({rate: each for rate, each in accuracies.items() if rate not in diverged})
        level = DecidedLevel(0, 1.0, winner, accuracies, diverged=frozenset(diverged))
        for tolerance in (0.005, 0.5):
            [interval] = RULES[rule].intervals([level], tolerance)
            assert interval is not None
            assert interval.low <= winner <= interval.high or rule == "model"  # which has no winner in it
            assert not any(interval.low <= rate <= interval.high for rate in outside)
            assert not (interval.high_open if max(outside) > winner else interval.low_open)

    def test_it_tells_nothing_about_the_noise(self) -> None:
        """One seed of three diverged: its spread is not the others'."""
        good = {0.1: (0.80, 0.81, 0.80), 0.2: (0.90, 0.91, 0.90), 0.3: (0.88, 0.89, 0.88)}
        with_one = {**good, 0.4: (0.9, 0.91, 0.0)}
        level = DecidedLevel(0, 1.0, 0.2, with_one, diverged=frozenset({0.4}))
        [found] = RULES["paired"].intervals([level], 0.005)
        [expected] = RULES["paired"].intervals([DecidedLevel(0, 1.0, 0.2, good)], 0.005)
        assert found is not None
        assert expected is not None
        assert (found.low, found.high) == (expected.low, expected.high)

    def test_a_winner_alone_has_nothing_to_be_compared_with(self) -> None:
        level = DecidedLevel(0, 1.0, 0.1, {0.1: (0.9, 0.8), 0.2: (0.0, 0.0)}, diverged=frozenset({0.2}))
        assert RULES["paired"].intervals([level], 0.005) == [None]
        [within] = RULES["within"].intervals([level], 0.005)
        assert within is not None
        assert within.low_open
        assert within.high < 0.11
