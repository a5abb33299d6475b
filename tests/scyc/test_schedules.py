from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scyc import (
    PRESETS,
    SILO,
    CompressionRamp,
    Constant,
    ExponentialRamp,
    InputError,
    InverseDensity,
    LevelSchedule,
    LinearRamp,
    OneCosine,
    Replay,
    SCyc,
    density,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# Evaluated by hand from the formula with the parameters in the authors' code; m = 0..9 to five digits.
PRESET_VALUES = {
    "resnet20-cifar10": [0.03, 0.03, 0.03004, 0.03213, 0.04761, 0.06446, 0.06893, 0.06977, 0.06995, 0.06999],
    "vgg19-cifar10": [0.04, 0.04, 0.04006, 0.04320, 0.06642, 0.09169, 0.09839, 0.09966, 0.09992, 0.09998],
}
UPPER_BOUNDS = {"resnet20-cifar10": 0.07, "vgg19-cifar10": 0.1}

schedules = st.builds(
    SCyc,
    delta=st.floats(1e-6, 10),
    epsilon=st.floats(0, 10),
    beta=st.floats(1e-3, 1e4),
    q=st.integers(0, 20),
    p=st.floats(1e-12, 1 - 1e-12),
)


@pytest.mark.parametrize("preset", PRESET_VALUES)
def test_presets_give_the_authors_values(preset: str) -> None:
    schedule = PRESETS[preset]
    assert [round(schedule(level), 5) for level in range(10)] == PRESET_VALUES[preset]
    assert round(schedule(10), 4) == UPPER_BOUNDS[preset]


def test_the_presets_are_these() -> None:
    assert PRESETS.keys() == PRESET_VALUES.keys()


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        (1, [0.0380, 0.0444, 0.0495, 0.0536, 0.0569, 0.0616]),
        (2, [0.0324, 0.0396, 0.0490, 0.0570, 0.0623, 0.0674]),
        (3, [0.0306, 0.0360, 0.0486, 0.0600, 0.0658, 0.0693]),
        (5, [0.0300, 0.0321, 0.0476, 0.0645, 0.0689, 0.0699]),
        (8, [0.0300, 0.0304, 0.0462, 0.0680, 0.0699, 0.0700]),
    ],
)
def test_beta_sets_the_steepness(beta: float, expected: list[float]) -> None:
    schedule = SCyc(delta=0.03, epsilon=0.04, beta=beta, q=1, p=0.2)
    assert [round(schedule(level), 4) for level in (2, 3, 4, 5, 6, 8)] == expected


def test_half_of_the_rise_is_done_when_half_of_the_weights_are_left() -> None:
    assert SCyc(delta=0.1, epsilon=0.2, beta=7, q=3, p=0.5)(4) == pytest.approx(0.2, rel=1e-12)


@given(schedules)
def test_stays_at_delta_up_to_q(schedule: SCyc) -> None:
    assert {schedule(level) for level in range(schedule.q + 1)} == {schedule.delta}


@given(st.floats(0.5, 20), st.integers(0, 10))
def test_continuous_at_q(beta: float, q: int) -> None:
    # With a vanishing pruning rate the first level after q is a vanishing step away from gamma = 0.
    schedule = SCyc(delta=0.03, epsilon=0.04, beta=beta, q=q, p=1e-12)
    assert schedule(q + 1) == pytest.approx(schedule(q), abs=1e-6)


@given(schedules)
def test_never_falls_and_stays_within_its_bounds(schedule: SCyc) -> None:
    values = [schedule(level) for level in [*range(60), 100, 1000, 4000]]
    assert values == sorted(values)
    assert values[0] == schedule.delta
    assert values[-1] <= schedule.delta + schedule.epsilon


@given(
    delta=st.floats(1e-3, 1),
    epsilon=st.floats(0, 1),
    beta=st.floats(0.1, 20),
    q=st.integers(0, 10),
    p=st.floats(0.01, 0.99),
    level=st.integers(0, 60),
)
def test_equals_the_formula_as_printed(delta: float, epsilon: float, beta: float, q: int, p: float, level: int) -> None:
    assume(level > q)
    left = (1 - p) ** (level - q)  # 1 - gamma, without the digits lost by forming it from gamma
    gamma = 1 - left
    printed = delta + epsilon * gamma**beta / (gamma**beta + left**beta)
    assert SCyc(delta, epsilon, beta, q, p)(level) == pytest.approx(printed, rel=1e-9)


@pytest.mark.parametrize("beta", [0.01, 5.0, 5000.0])
def test_extreme_levels_do_not_overflow(beta: float) -> None:
    schedule = SCyc(delta=0.03, epsilon=0.04, beta=beta, p=0.2)
    assert schedule(4000) == pytest.approx(0.07, rel=1e-3)


def test_extreme_steepness_is_a_step() -> None:
    schedule = SCyc(delta=0.03, epsilon=0.04, beta=1e6, q=1, p=0.2)
    assert [schedule(level) for level in (2, 3, 4)] == pytest.approx([0.03, 0.03, 0.03])
    assert [schedule(level) for level in (5, 6, 7)] == pytest.approx([0.07, 0.07, 0.07])


@given(schedules, st.integers(0, 60))
def test_silo_is_the_same_formula(schedule: SCyc, level: int) -> None:
    silo = SILO(schedule.delta, schedule.epsilon, schedule.beta, schedule.q, schedule.p)
    assert silo(level) == schedule(level)


def test_constant_ignores_the_level() -> None:
    assert [Constant(0.1)(level) for level in (0, 1, 30)] == [0.1, 0.1, 0.1]


@pytest.mark.parametrize("p", [0.0, 1.0, -0.2, float("nan")])
def test_density_refuses_a_rate_that_prunes_nothing_or_everything(p: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        density(1, p)


def test_density_shrinks_by_the_rate() -> None:
    assert [density(level, 0.2) for level in range(4)] == pytest.approx([1, 0.8, 0.64, 0.512])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("delta", 0.0),
        ("delta", -0.01),
        ("delta", math.nan),
        ("delta", math.inf),
        ("epsilon", -0.01),
        ("epsilon", math.nan),
        ("epsilon", math.inf),
        ("beta", 0.0),
        ("beta", -1.0),
        ("beta", math.nan),
        ("beta", math.inf),
        ("q", -1),
        ("p", 0.0),
        ("p", 1.0),
        ("p", -0.2),
        ("p", 1.2),
        ("p", math.nan),
    ],
)
@pytest.mark.parametrize("kind", [SCyc, SILO])
def test_parameters_outside_their_range_are_refused(kind: type[SCyc], field: str, value: float) -> None:
    parameters = {"delta": 0.03, "epsilon": 0.04, field: value}
    with pytest.raises(InputError, match=rf"^{kind.__name__} needs {field} to be .+, but it is {value!r}\.$"):
        kind(**parameters)  # type: ignore[arg-type]


def test_a_copy_is_checked_too() -> None:
    with pytest.raises(InputError, match="needs p to be"):
        replace(PRESETS["vgg19-cifar10"], p=2.0)


@pytest.mark.parametrize("max_lr", [0.0, -0.1, math.nan, math.inf])
def test_a_constant_is_positive_and_finite(max_lr: float) -> None:
    with pytest.raises(InputError, match=r"^Constant needs max_lr to be .+\.$"):
        Constant(max_lr)


@pytest.mark.parametrize("schedule", [SCyc(0.03, 0.04), Constant(0.1), lambda level: density(level, 0.2)])
def test_there_is_no_level_below_the_dense_one(schedule: Callable[[int], float]) -> None:
    with pytest.raises(InputError, match=r"^A pruning level is 0 \(dense\) or greater, but it is -1\.$"):
        schedule(-1)


def test_any_function_of_the_level_is_a_level_schedule() -> None:
    def linear(level: int, /) -> float:
        return 0.1 + 0.01 * level

    assert all(isinstance(schedule, LevelSchedule) for schedule in (SCyc(0.03, 0.04), Constant(0.1), linear))


def test_importing_the_schedules_needs_nothing_but_torch() -> None:
    others = ["ray", "optuna", "sqlalchemy", "alembic", "plotly", "pydantic", "sklearn", "scipy", "torchvision"]
    script = f"import sys, scyc; print(*[name for name in {others} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


class TestRamps:
    def test_a_linear_ramp_goes_in_equal_steps_and_stays(self) -> None:
        ramp = LinearRamp(0.1, 0.5, 4)
        assert [ramp(m) for m in range(6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])

    def test_an_exponential_ramp_goes_by_equal_factors_and_stays(self) -> None:
        ramp = ExponentialRamp(0.1, 1.6, 4)
        assert [ramp(m) for m in range(6)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 1.6])

    def test_inverse_density_follows_the_law_up_to_its_cap(self) -> None:
        schedule = InverseDensity(0.1, p=0.5, cap=0.5)
        assert [schedule(m) for m in range(4)] == pytest.approx([0.1, 0.2, 0.4, 0.5])

    def test_a_compression_ramp_is_linear_in_the_share_pruned_and_stays(self) -> None:
        schedule = CompressionRamp(1e-5, 1e-4, compression=0.75, p=0.5)
        assert [schedule(m) for m in range(4)] == pytest.approx([1e-5, 7e-5, 1e-4, 1e-4])

    def test_one_cosine_falls_from_level_to_level(self) -> None:
        schedule = OneCosine(0.4, 4)
        assert [schedule(m) for m in range(4)] == pytest.approx([0.4, 0.341421, 0.2, 0.058579], abs=1e-6)
        with pytest.raises(InputError, match="has 4 levels"):
            schedule(4)

    def test_replay_is_a_list(self) -> None:
        schedule = Replay((0.1, 0.3))
        assert [schedule(0), schedule(1)] == [0.1, 0.3]
        with pytest.raises(InputError, match="knows 2 levels"):
            schedule(2)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: LinearRamp(0, 1, 4),
            lambda: LinearRamp(0.1, 1, 0),
            lambda: ExponentialRamp(0.1, -1, 4),
            lambda: InverseDensity(0.1, p=1),
            lambda: InverseDensity(0.1, cap=0.05),
            lambda: CompressionRamp(0.1, 0),
            lambda: CompressionRamp(0.1, 1, compression=0),
            lambda: CompressionRamp(0.1, 1, p=1),
            lambda: OneCosine(0.1, 0),
            lambda: OneCosine(0, 4),
            lambda: Replay(()),
            lambda: Replay((0.1, float("nan"))),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, make: Callable[[], object]) -> None:
        with pytest.raises(InputError):
            make()
