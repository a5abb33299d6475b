"""The oracle's surface: what it refuses, and what it says between its candidates."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.comparison import OracleLevel, fit_scyc, winner_of
from oracle.comparison.curse import winners_curse
from oracle.comparison.levels import competing, in_order
from oracle.results.intervals import RULES
from scyc import InputError

LEVEL = OracleLevel(0, 1.0, 0.2, {0.1: [0.80, 0.82], 0.2: [0.90, 0.92], 0.4: [0.85, 0.83]})


class TestMean:
    def test_at_a_candidate_is_the_mean_over_its_seeds(self) -> None:
        assert LEVEL.mean(0.4) == pytest.approx(0.84)

    def test_between_candidates_is_interpolated_in_log_max_lr(self) -> None:
        assert LEVEL.mean(math.sqrt(0.1 * 0.2)) == pytest.approx((0.81 + 0.91) / 2)

    @pytest.mark.parametrize("max_lr", [0.099, 0.401])
    def test_is_not_made_up_beyond_the_candidates(self, max_lr: float) -> None:
        assert LEVEL.mean(max_lr) is None
        assert LEVEL.regret(max_lr) is None

    def test_rounding_does_not_push_a_schedule_off_the_last_candidate(self) -> None:
        assert LEVEL.mean(math.exp(math.log(0.4)) * (1 + 1e-12)) == pytest.approx(0.84)


class TestRegret:
    def test_of_the_winner_is_zero(self) -> None:
        assert LEVEL.regret(0.2) == pytest.approx(0.0, abs=1e-15)

    def test_is_the_accuracy_lost(self) -> None:
        assert LEVEL.regret(0.4) == pytest.approx(0.07)

    @given(st.floats(0.1, 0.4))
    def test_is_never_negative_when_the_winner_has_the_highest_mean(self, max_lr: float) -> None:
        regret = LEVEL.regret(max_lr)
        assert regret is not None
        assert -1e-12 <= regret <= 0.1 + 1e-12


def test_ties_go_to_the_smaller_max_lr() -> None:
    assert winner_of({0.4: [0.9, 0.8], 0.2: [0.8, 0.9], 0.1: [0.7, 0.7]}) == 0.2


class TestRefusals:
    def test_a_winner_that_was_never_tried(self) -> None:
        with pytest.raises(InputError, match=r"winner of level 3, 0\.5, is not one of its candidates"):
            OracleLevel(3, 0.5, 0.5, {0.1: [0.9]})

    def test_candidates_with_different_numbers_of_seeds(self) -> None:
        with pytest.raises(InputError, match="same seeds, but their numbers of seeds are 1, 2"):
            OracleLevel(0, 1.0, 0.1, {0.1: [0.9, 0.9], 0.2: [0.9]})

    @pytest.mark.parametrize("max_lr", [0.0, -0.1, math.inf, math.nan])
    def test_a_max_lr_that_has_no_logarithm(self, max_lr: float) -> None:
        with pytest.raises(InputError, match="greater than 0"):
            OracleLevel(0, 1.0, 0.1, {0.1: [0.9], max_lr: [0.9]})

    def test_candidates_without_seeds(self) -> None:
        with pytest.raises(InputError, match="numbers of seeds are 0"):
            OracleLevel(0, 1.0, 0.1, {0.1: []})


class TestInOrder:
    def test_sorts_by_level(self) -> None:
        levels = [OracleLevel(m, 1.0, 0.1, {0.1: [0.9]}) for m in (2, 0, 1)]
        assert [level.level for level in in_order(levels, 3)] == [0, 1, 2]

    def test_refuses_a_level_given_twice(self) -> None:
        with pytest.raises(InputError, match="once, but these are 0, 0, 2"):
            in_order([OracleLevel(m, 1.0, 0.1, {0.1: [0.9]}) for m in (2, 0, 0)], 3)

    def test_refuses_levels_of_different_seeds(self) -> None:
        with pytest.raises(InputError, match="same seeds, but their numbers of seeds are 1, 2"):
            in_order([OracleLevel(m, 1.0, 0.1, {0.1: [0.9] * (1 + m)}) for m in (0, 1)], 2)


class TestDivergence:
    """A candidate that diverged counts no more than the worst that did not."""

    LUCKY = OracleLevel(
        0, 1.0, 0.2, {0.1: [0.80, 0.82], 0.2: [0.85, 0.85], 0.4: [0.88, 0.88]}, diverged=frozenset({0.4})
    )

    def test_on_the_surface(self) -> None:
        assert self.LUCKY.mean(0.4) == pytest.approx(0.81)
        assert self.LUCKY.mean(math.sqrt(0.2 * 0.4)) == pytest.approx((0.81 + 0.85) / 2)
        assert self.LUCKY.regret(0.4) == pytest.approx(0.04)

    def test_whose_own_accuracy_is_lower_keeps_it(self) -> None:
        level = OracleLevel(0, 1.0, 0.2, {0.2: [0.85], 0.4: [0.1]}, diverged=frozenset({0.4}))
        assert level.mean(0.4) == pytest.approx(0.1)

    def test_it_is_no_seeds_winner(self) -> None:
        assert competing(self.LUCKY, [1, 1]) == {0.1: [0.82, 0.82], 0.2: [0.85, 0.85]}
        [curse] = winners_curse([self.LUCKY], None, [0, 1]).levels
        assert curse.held_out == pytest.approx(0.85)

    def test_it_is_no_winner(self) -> None:
        with pytest.raises(InputError, match="diverged, so it is no winner"):
            replace(self.LUCKY, winner=0.4)

    def test_nor_is_it_one_of_resampled_seeds(self) -> None:
        def level(m: int) -> OracleLevel:
            accuracies = {0.1: [0.80, 0.82, 0.81], 0.2: [0.85, 0.84, 0.86], 0.4: [0.88, 0.88, 0.88]}
            found = OracleLevel(m, 0.8**m, 0.2, accuracies, diverged=frozenset({0.4}))
            [interval] = RULES["paired"].intervals([found], 0.005)
            return replace(found, interval=interval)

        fit = fit_scyc([level(m) for m in range(4)], 0.2, refits=20)
        assert all(high < 0.4 for _, high in fit.band)
