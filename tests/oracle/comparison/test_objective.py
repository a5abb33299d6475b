"""What a curve costs, and whether the search finds the cheapest: by hand and against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression, minimize

from oracle.comparison.families import Range, SCycFamily
from oracle.comparison.objective import PULL, Floats, Targets, targets
from oracle.comparison.rivals import Constant, families
from scyc import SCyc
from tests.oracle.comparison.surfaces import P, known, narrow

thorough = settings(max_examples=40, deadline=None, derandomize=True)
REACH = Range(math.log(0.005), math.log(4.0))


def cost(aim: Targets, *max_lrs: float) -> float:
    return float(aim.cost(np.log([max_lrs]))[0])


class TestCost:
    def test_inside_the_interval_is_the_pull_alone(self) -> None:
        aim = targets([known(0, 0.1, half_width=0.3)])
        assert cost(aim, 0.1) == pytest.approx(0.0, abs=1e-20)
        assert cost(aim, 0.1 * math.exp(0.2)) == pytest.approx(PULL * 0.04)

    def test_outside_is_the_squared_log_distance_and_the_pull(self) -> None:
        aim = targets([known(0, 0.1, half_width=0.3)])
        for sign in (-1, 1):
            assert cost(aim, 0.1 * math.exp(sign * 0.5)) == pytest.approx(0.04 + PULL * 0.25)

    def test_is_summed_over_levels(self) -> None:
        aim = targets([known(0, 0.1, half_width=0.3), known(1, 0.2, half_width=0.3)])
        assert cost(aim, 0.1 * math.exp(0.5), 0.2) == pytest.approx(0.04 + PULL * 0.25)

    def test_beyond_an_open_bound_is_the_pull_alone(self) -> None:
        aim = targets([known(0, 0.1, half_width=0.3, high_open=True)])
        assert cost(aim, 0.1 * math.exp(0.5)) == pytest.approx(PULL * 0.25)
        assert cost(aim, 0.1 * math.exp(-0.5)) == pytest.approx(0.04 + PULL * 0.25)

    def test_below_an_open_lower_bound_is_the_pull_alone(self) -> None:
        aim = targets([known(0, 0.1, half_width=0.3, low_open=True)])
        assert cost(aim, 0.1 * math.exp(-0.5)) == pytest.approx(PULL * 0.25)
        assert cost(aim, 0.1 * math.exp(0.5)) == pytest.approx(0.04 + PULL * 0.25)

    def test_without_an_interval_is_the_pull_to_the_winner(self) -> None:
        assert cost(targets([known(0, 0.1, half_width=None)]), 0.1 * math.exp(0.5)) == pytest.approx(PULL * 0.25)

    def test_the_pull_is_to_the_middle_of_the_interval_not_to_the_winner(self) -> None:
        level = known(0, 0.1, half_width=0.3)
        shifted = type(level)(0, 1.0, 0.2, level.accuracies, level.interval)
        assert cost(targets([shifted]), 0.1) == pytest.approx(0.0, abs=1e-20)

    def test_a_level_left_out_costs_nothing(self) -> None:
        aim = targets([known(0, 0.1), known(1, 0.2)]).each_left_out()
        assert aim.cost(np.log([[9.0, 0.2], [0.1, 9.0]])) == pytest.approx([0.0, 0.0], abs=1e-20)


def numeric(aim: Targets, family: SCycFamily, q: float, start: Floats) -> float:
    """The lowest cost that another method finds from there."""
    bounds = [(REACH.low, REACH.high), (0.0, REACH.high - REACH.low), (math.log(0.5), math.log(20.0))]

    def of(parameters: Floats) -> float:
        return float(aim.cost(family(np.array([[*parameters, q]]), aim.levels)[0])[0])

    return float(minimize(of, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}).fun)


class TestFamilies:
    @thorough
    @given(st.floats(0.01, 0.3), st.floats(0, 3), st.floats(0.6, 15), st.integers(0, 8), st.floats(0.05, 0.8))
    def test_s_cyc_is_the_schedule(self, delta: float, rise: float, beta: float, q: int, p: float) -> None:
        levels = np.arange(14.0)
        parameters = np.array([[math.log(delta), math.log1p(rise), math.log(beta), q]])
        curve = np.exp(SCycFamily(p, REACH)(parameters, levels)[0][0])
        schedule = SCyc(delta, delta * rise, beta, q, p)
        assert curve == pytest.approx([schedule(m) for m in range(14)])

    @pytest.mark.parametrize("family", families(P, REACH, (0.0, 9.0)), ids=lambda family: family.name)
    def test_slopes_are_the_derivatives(self, family: SCycFamily) -> None:
        aim = targets(narrow([0.1 + 0.02 * m for m in range(10)]))
        parameters = family.fit(aim)[0]
        slopes = family(parameters, aim.levels)[1]
        for k in range(parameters.shape[1] - (family.name == "s-cyc")):  # q is a whole number
            nudge = 1e-6 * np.eye(parameters.shape[1])[k]
            ahead, behind = (family(parameters + sign * nudge, aim.levels)[0] for sign in (1, -1))
            assert slopes[..., k] == pytest.approx((ahead - behind) / 2e-6, abs=1e-6)

    @settings(thorough, max_examples=15)
    @given(st.integers(0, 10**6))
    def test_nothing_cheaper_is_found_by_another_method(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        aim = targets(narrow(np.exp(rng.uniform(-3, -1, size=10)).tolist(), seed, half_width=rng.uniform(0.05, 0.5)))
        family = SCycFamily(P, REACH)
        parameters, costs = family.fit(aim)
        for _ in range(4):
            start = np.array([rng.uniform(-3, -1), rng.uniform(0, 2), rng.uniform(0, 2.5)])
            assert costs[0] <= numeric(aim, family, float(rng.integers(9)), start) * 1.001 + 1e-6
        assert numeric(aim, family, parameters[0, 3], parameters[0, :3]) * 1.001 + 1e-6 >= costs[0]

    def test_without_intervals_they_are_the_classical_regressions(self) -> None:
        rng = np.random.default_rng(1)
        logs = 0.1 * np.arange(10) - 2 + 0.2 * rng.standard_normal(10)
        aim = targets([known(m, math.exp(log), half_width=None) for m, log in enumerate(logs)])
        _, constant, _, exponential, monotone = families(P, REACH, (0.0, 9.0))
        curves = {f.name: f(f.fit(aim)[0], aim.levels)[0][0] for f in (constant, exponential, monotone)}
        assert curves["constant"] == pytest.approx(logs.mean(), abs=1e-6)
        assert curves["exponential"] == pytest.approx(np.polyval(np.polyfit(range(10), logs, 1), range(10)), abs=1e-6)
        assert curves["monotone"] == pytest.approx(isotonic_regression(logs).x)

    @thorough
    @given(st.lists(st.floats(-3, 0), min_size=3, max_size=9), st.floats(0.02, 0.8))
    def test_no_curve_that_never_falls_is_cheaper_than_the_monotone(self, logs: list[float], half_width: float) -> None:
        aim = targets([known(m, math.exp(log), half_width) for m, log in enumerate(logs)])
        *others, monotone = families(P, REACH, (0.0, len(logs) - 1.0))
        curves, lowest = monotone.fit(aim)
        assert (np.diff(curves[0]) >= -1e-12).all()
        for family in others:
            parameters, costs = family.fit(aim)
            if (np.diff(family(parameters, aim.levels)[0][0]) >= 0).all():
                assert lowest[0] <= costs[0] + 1e-9
        nudged = np.sort(curves + 0.01 * np.random.default_rng(0).standard_normal((50, len(logs))), axis=1)
        assert lowest[0] <= min(float(aim.cost(curve[None])[0]) for curve in nudged) + 1e-12

    def test_parameters_are_named_as_people_know_them(self) -> None:
        rates = {
            "linear": ([0.1 + 0.02 * m for m in range(10)], {"c": 0.1, "slope": 0.02}),
            "exponential": ([0.1 * (1 - P) ** (-0.5 * m) for m in range(10)], {"c": 0.1, "a": 0.5}),
            "constant": ([0.1] * 10, {"max_lr": 0.1}),
        }
        for family in families(P, REACH, (0.0, 9.0)):
            if family.name in rates:
                truth, named = rates[family.name]
                assert family.named(family.fit(targets(narrow(truth, noise=0.0)))[0][0]) == pytest.approx(
                    named, rel=1e-3
                )


class TestLeavingOut:
    @pytest.mark.parametrize("family", families(P, REACH, (0.0, 9.0)), ids=lambda family: family.name)
    @pytest.mark.parametrize("place", [0, 4, 9])
    def test_a_level_left_out_is_not_heard(self, family: SCycFamily, place: int) -> None:
        truth = [SCyc(0.05, 0.1, 5, 1, P)(m) for m in range(10)]
        loud = [0.4 if m == place else max_lr for m, max_lr in enumerate(truth)]
        one, other = (targets(narrow(rates)).each_left_out()[slice(place, place + 1)] for rates in (truth, loud))
        first, second = (family(family.fit(aim)[0], aim.levels)[0] for aim in (one, other))
        assert first == pytest.approx(second, abs=1e-12)

    def test_the_problems_of_a_batch_do_not_know_each_other(self) -> None:
        surfaces = [narrow([0.1 + 0.02 * m for m in range(8)], seed) for seed in range(5)]
        family = Constant(REACH)
        together = family.fit(targets(*surfaces))[0]
        alone = np.concatenate([family.fit(targets(surface))[0] for surface in surfaces])
        assert together == pytest.approx(alone, abs=1e-12)
