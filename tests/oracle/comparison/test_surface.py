"""The oracle's surface: what it refuses, and what it says between its candidates."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.comparison import OracleLevel, winner_of
from oracle.comparison.surface import in_order
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
