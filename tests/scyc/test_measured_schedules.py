from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyc import (
    MEASURED_SCHEDULES,
    SCHEDULES,
    AdaptiveRestart,
    Constant,
    GradientScaled,
    InputError,
    LevelSchedule,
    MeasuredSchedule,
    RangeTest,
    SCyc,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ALL: list[MeasuredSchedule] = [AdaptiveRestart(0.1, 0.2, 0.45), RangeTest(), GradientScaled(0.1, 1.0)]


class TestAdaptiveRestart:
    @pytest.mark.parametrize(
        ("drop", "expected"),
        [
            (0.0, 0.045),  # nothing removed: no less than the share of the epochs
            (0.2, 0.045),  # 0.2 / sqrt(0.2) = 0.4472 is below 0.45
            (0.3, 0.1 * 0.3 / 0.4472135955),
            (0.4472135955, 0.1),  # sqrt(p): as much as weights of equal size hold
            (0.9, 0.1),  # and no more than all
        ],
    )
    def test_is_max_lr_times_the_norm_drop_clipped_both_ways(self, drop: float, expected: float) -> None:
        assert AdaptiveRestart(0.1, 0.2, 0.45).given(2, [0.0, 0.5, drop]) == pytest.approx(expected)

    def test_of_the_dense_network_is_max_lr(self) -> None:
        assert AdaptiveRestart(0.1, 0.2, 0.45).given(0, [0.0]) == 0.1

    def test_of_a_full_retraining_is_max_lr(self) -> None:
        assert AdaptiveRestart(0.1, 0.2, 1.0).given(1, [0.0, 0.01]) == 0.1

    @pytest.mark.parametrize("drop", [-0.1, 1.1, math.nan])
    def test_refuses_what_is_no_norm_drop(self, drop: float) -> None:
        with pytest.raises(
            InputError, match=rf"^A pruning's norm drop is from 0 to 1, but at level 1 it is {drop!r}\.$"
        ):
            AdaptiveRestart(0.1, 0.2, 0.45).given(1, [0.0, drop])

    @given(st.floats(1e-6, 10), st.floats(0.01, 0.99), st.floats(0.01, 1), st.floats(0, 1))
    def test_lies_between_its_share_and_max_lr(self, max_lr: float, p: float, share: float, drop: float) -> None:
        assert max_lr * share <= AdaptiveRestart(max_lr, p, share).given(1, [0.0, drop]) <= max_lr


class TestRangeTest:
    def test_is_what_was_found_at_each_level(self) -> None:
        found = [0.1, 0.2, 0.15]
        assert [RangeTest().given(level, found[: level + 1]) for level in range(3)] == found

    @pytest.mark.parametrize("found", [0.0, -1.0, math.nan, math.inf])
    def test_refuses_what_is_no_learning_rate(self, found: float) -> None:
        with pytest.raises(
            InputError, match=r"^A range test's learning rate is finite and greater than 0, but at .+\.$"
        ):
            RangeTest().given(0, [found])


class TestGradientScaled:
    def test_makes_up_for_narrower_gradients_up_to_its_cap(self) -> None:
        measured = [0.02, 0.04, 0.02, 0.01, 0.002]
        schedule = GradientScaled(0.1, 0.5)
        values = [schedule.given(level, measured[: level + 1]) for level in range(5)]
        assert values == pytest.approx([0.1, 0.05, 0.1, 0.2, 0.5])

    def test_has_no_cap_unless_given(self) -> None:
        assert GradientScaled(0.1).given(1, [1.0, 0.001]) == pytest.approx(100)

    @pytest.mark.parametrize("measured", [[0.0, 1.0], [1.0, 0.0], [math.nan, 1.0], [1.0, math.inf]])
    def test_refuses_what_is_no_width(self, measured: list[float]) -> None:
        with pytest.raises(
            InputError, match=r"^A gradient's standard deviation is finite and greater than 0, but .+\.$"
        ):
            GradientScaled(0.1).given(1, measured)


def test_each_says_what_it_needs() -> None:
    assert [schedule.needs for schedule in ALL] == ["norm-drop", "range-test", "gradient-std"]


def test_measured_and_other_schedules_are_told_apart() -> None:
    assert all(isinstance(schedule, MeasuredSchedule) and not isinstance(schedule, LevelSchedule) for schedule in ALL)
    assert not any(isinstance(schedule, MeasuredSchedule) for schedule in (SCyc(0.03, 0.04), Constant(0.1)))


def test_kinds_are_these() -> None:
    assert dict(zip(["allr", "range-test", "gradient-scaled"], map(type, ALL), strict=True)) == MEASURED_SCHEDULES
    assert not MEASURED_SCHEDULES.keys() & SCHEDULES.keys()


@pytest.mark.parametrize("schedule", ALL)
@pytest.mark.parametrize("measured", [[], [0.1], [0.1, 0.1, 0.1]])
def test_needs_one_number_per_level(schedule: MeasuredSchedule, measured: list[float]) -> None:
    with pytest.raises(InputError, match=rf"of each level from 0 to 1, 2 in all, but {len(measured)} are given\.$"):
        schedule.given(1, measured)


@pytest.mark.parametrize("schedule", ALL)
def test_there_is_no_level_below_the_dense_one(schedule: MeasuredSchedule) -> None:
    with pytest.raises(InputError, match=r"^A pruning level is 0 \(dense\) or greater, but it is -1\.$"):
        schedule.given(-1, [])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdaptiveRestart(0.0, 0.2, 0.45), "AdaptiveRestart needs max_lr to be finite and greater than 0"),
        (lambda: AdaptiveRestart(0.1, 1.0, 0.45), "AdaptiveRestart needs p to be greater than 0 and less than 1"),
        (lambda: AdaptiveRestart(0.1, math.nan, 0.45), "AdaptiveRestart needs p to be"),
        (lambda: AdaptiveRestart(0.1, 0.2, 0.0), "AdaptiveRestart needs share to be greater than 0 and at most 1"),
        (lambda: AdaptiveRestart(0.1, 0.2, 1.5), "AdaptiveRestart needs share to be"),
        (lambda: GradientScaled(math.inf), "GradientScaled needs max_lr to be finite and greater than 0"),
        (lambda: GradientScaled(0.1, 0.05), r"GradientScaled needs a cap of max_lr \(0\.1\) or more, but it is 0\.05"),
        (lambda: GradientScaled(0.1, math.nan), "GradientScaled needs a cap of"),
    ],
)
def test_parameters_outside_their_range_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=rf"^{message}.*\.$"):
        make()
