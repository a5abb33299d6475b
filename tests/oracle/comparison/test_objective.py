"""Whether the search finds the cheapest curve of each family: by hand and against scipy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression, minimize

from oracle.comparison.families import SCycFamily
from oracle.comparison.rivals import Constant, families
from oracle.comparison.targets import Floats, Range, Targets
from scyc import SCyc

if TYPE_CHECKING:
    from collections.abc import Sequence

P = 0.2
REACH = Range(math.log(0.005), math.log(4.0))
FAMILIES = families(P, REACH, (0.0, 9.0))

thorough = settings(max_examples=40, deadline=None, derandomize=True)


def aims(rates: Sequence[float], sd: float = 0.05, shared: float = 0.0) -> Targets:
    """One problem: the best max_lr by level, each known to `sd`, of which this share of the variance is common."""
    n = len(rates)
    covariance = sd**2 * ((1 - shared) * np.eye(n) + shared)
    return Targets(np.arange(float(n)), np.log([rates]), np.asarray(np.linalg.inv(covariance)[None], dtype=np.float64))


def numeric(aim: Targets, family: SCycFamily, q: float, start: Floats) -> float:
    """The lowest cost that another method finds from there."""
    bounds = [(REACH.low, REACH.high), (0.0, REACH.high - REACH.low), (math.log(0.5), math.log(20.0))]

    def of(parameters: Floats) -> float:
        return float(aim.cost(family(np.array([[*parameters, q]]), aim.levels)[0])[0])

    return float(minimize(of, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}).fun)


class TestFamilies:
    @thorough
    @given(st.floats(0.01, 0.3), st.floats(0, 3), st.floats(0.6, 15), st.integers(0, 8), st.floats(0.001, 0.999))
    def test_s_cyc_is_the_schedule(self, delta: float, rise: float, beta: float, q: int, p: float) -> None:
        levels = np.arange(14.0)
        parameters = np.array([[math.log(delta), math.log1p(rise), math.log(beta), q]])
        curve = np.exp(SCycFamily(p, REACH)(parameters, levels)[0][0])
        schedule = SCyc(delta, delta * rise, beta, q, p)
        assert curve == pytest.approx([schedule(m) for m in range(14)])

    @pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
    def test_slopes_are_the_derivatives(self, family: SCycFamily) -> None:
        aim = aims([0.1 + 0.02 * m for m in range(10)])
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
        aim = aims(np.exp(rng.uniform(-3, -1, size=10)).tolist(), rng.uniform(0.1, 0.5), rng.uniform(0, 0.9))
        family = SCycFamily(P, REACH)
        parameters, costs = family.fit(aim)
        for _ in range(4):
            start = np.array([rng.uniform(-3, -1), rng.uniform(0, 2), rng.uniform(0, 2.5)])
            assert costs[0] <= numeric(aim, family, float(rng.integers(9)), start) * 1.001 + 1e-6
        assert numeric(aim, family, parameters[0, 3], parameters[0, :3]) * 1.001 + 1e-4 >= costs[0]

    def test_of_levels_that_err_apart_they_are_the_classical_regressions(self) -> None:
        logs = 0.1 * np.arange(10) - 2 + 0.2 * np.random.default_rng(1).standard_normal(10)
        aim = aims(np.exp(logs).tolist())
        _, constant, _, exponential, monotone = FAMILIES
        curves = {f.name: f(f.fit(aim)[0], aim.levels)[0][0] for f in (constant, exponential, monotone)}
        assert curves["constant"] == pytest.approx(logs.mean(), abs=1e-6)
        assert curves["exponential"] == pytest.approx(np.polyval(np.polyfit(range(10), logs, 1), range(10)), abs=1e-6)
        assert curves["monotone"] == pytest.approx(isotonic_regression(logs).x)

    def test_a_level_counts_by_what_it_knows(self) -> None:
        centre, variances = np.array([-2.0, -1.0, -1.5]), np.array([0.01, 0.04, 100.0])
        aim = Targets(np.arange(3.0), centre[None], np.diag(1 / variances)[None])
        found = Constant(REACH).fit(aim)[0][0, 0]
        assert found == pytest.approx((centre / variances).sum() / (1 / variances).sum(), abs=1e-6)

    @settings(thorough, max_examples=15)
    @given(st.lists(st.floats(-3, 0), min_size=3, max_size=9), st.floats(0, 0.9))
    def test_no_curve_that_never_falls_is_cheaper_than_the_monotone(self, logs: list[float], shared: float) -> None:
        aim = aims(np.exp(logs).tolist(), 0.3, shared)
        *others, monotone = families(P, REACH, (0.0, len(logs) - 1.0))
        curves, lowest = monotone.fit(aim)
        assert (np.diff(curves[0]) >= -1e-12).all()
        for family in others:
            parameters, costs = family.fit(aim)
            if (np.diff(family(parameters, aim.levels)[0][0]) >= 0).all():
                assert lowest[0] <= costs[0] + 1e-9
        nudged = np.sort(curves + 0.01 * np.random.default_rng(0).standard_normal((50, len(logs))), axis=1)
        assert lowest[0] <= min(float(aim.cost(curve[None])[0]) for curve in nudged) + 1e-12

    def test_a_curve_has_as_many_parameters_as_its_family_and_the_monotone_one_two_per_stretch(self) -> None:
        curve = np.log([0.1, 0.1, 0.2, 0.2, 0.3])
        assert [family.freedom(curve) for family in FAMILIES] == [4, 1, 2, 2, 6]

    def test_parameters_are_named_as_people_know_them(self) -> None:
        rates = {
            "s-cyc": (
                [SCyc(0.1, 0.2, 3, 2, P)(m) for m in range(10)],
                {"delta": 0.1, "epsilon": 0.2, "beta": 3, "q": 2},
            ),
            "linear": ([0.1 + 0.02 * m for m in range(10)], {"c": 0.1, "slope": 0.02}),
            "exponential": ([0.1 * (1 - P) ** (-0.5 * m) for m in range(10)], {"c": 0.1, "a": 0.5}),
            "constant": ([0.1] * 10, {"max_lr": 0.1}),
            "monotone": ([0.1] * 10, {}),
        }
        for family in FAMILIES:
            truth, named = rates[family.name]
            assert family.named(family.fit(aims(truth))[0][0]) == pytest.approx(named, rel=1e-3)

    def test_where_nothing_rises_s_cyc_is_the_simplest(self) -> None:
        family = SCycFamily(P, REACH)
        for rates in ([0.1] * 10, [0.2 - 0.01 * m for m in range(10)]):
            named = family.named(family.fit(aims(rates))[0][0])
            assert {**named, "delta": 0} == {"delta": 0, "epsilon": 0, "beta": 5, "q": 0}


class TestLeavingOut:
    @pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
    @pytest.mark.parametrize("place", [0, 4, 9])
    def test_a_level_left_out_is_not_heard(self, family: SCycFamily, place: int) -> None:
        truth = [SCyc(0.05, 0.1, 5, 1, P)(m) for m in range(10)]
        loud = [0.4 if m == place else max_lr for m, max_lr in enumerate(truth)]
        one, other = (aims(rates, shared=0.5).each_left_out()[slice(place, place + 1)] for rates in (truth, loud))
        first, second = (family(family.fit(aim)[0], aim.levels)[0] for aim in (one, other))
        assert first == pytest.approx(second, abs=1e-12)

    def test_the_monotone_one_goes_straight_across(self) -> None:
        aim = aims([0.1, 0.1, 0.2, 0.4, 0.4]).each_left_out()
        curves = FAMILIES[-1].fit(aim)[0]
        assert curves[2, 2] == pytest.approx((math.log(0.1) + math.log(0.4)) / 2)
        assert curves[4, 4] == pytest.approx(math.log(0.4))

    def test_the_problems_of_a_batch_do_not_know_each_other(self) -> None:
        problems = [aims([0.1 + 0.02 * m + 0.01 * seed for m in range(10)]) for seed in range(4)]
        both = Targets(
            problems[0].levels,
            *(np.concatenate([getattr(one, part) for one in problems]) for part in ("centre", "precision")),
        )
        for family in FAMILIES:
            alone = np.concatenate([family.fit(one)[0] for one in problems])
            assert family.fit(both)[0] == pytest.approx(alone, abs=1e-9)
