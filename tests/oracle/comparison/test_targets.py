"""What a curve costs, by hand, and what the posterior of a surface makes of it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from oracle.comparison.targets import RESOLUTION, ROOM, Floats, Range, Targets, posterior_targets

if TYPE_CHECKING:
    from oracle.surface import Surface

LEVELS = np.arange(3.0)
REACH = Range(math.log(0.01), math.log(2.0))


def aim(covariance: Floats) -> Targets:
    return Targets(LEVELS, np.zeros((1, 3)), np.asarray(np.linalg.inv(covariance)[None], dtype=np.float64))


class TestCost:
    def test_is_the_squared_distance_in_standard_deviations(self) -> None:
        sds = np.array([0.1, 0.2, 0.5])
        assert aim(np.diag(sds**2)).cost(np.array([[0.1, -0.4, 0.0]])) == pytest.approx([1 + 4])

    def test_an_error_that_levels_share_counts_once(self) -> None:
        shared = 0.04 * np.ones((3, 3)) + 1e-8 * np.eye(3)
        assert aim(shared).cost(np.array([[0.2, 0.2, 0.2]])) == pytest.approx([1.0], rel=1e-4)
        assert aim(shared).cost(np.array([[0.2, 0.0, 0.2]]))[0] > 1e4

    def test_a_level_left_out_costs_nothing(self) -> None:
        covariance = np.array([[0.04, 0.03, 0.0], [0.03, 0.04, 0.0], [0.0, 0.0, 0.01]])
        left_out = aim(covariance).each_left_out()
        assert left_out.heard.tolist() == (~np.eye(3, dtype=bool)).tolist()
        # Without level 1, level 0 is as uncertain as it is by itself.
        assert left_out.cost(np.array([[9.0, 0.2, 0.0], [0.2, 9.0, 0.1], [0.0, 0.0, 9.0]])) == pytest.approx([1, 2, 0])


def surface(best: Floats, *candidates: tuple[float, ...]) -> Surface:
    """A surface whose draws are best there, with these candidates (log max_lr)."""
    tops = [SimpleNamespace(rates=np.array(rates)) for rates in candidates]
    found = SimpleNamespace(best=best.copy, seen=SimpleNamespace(tops=tops), levels=tuple(range(len(tops))))
    return cast("Surface", found)


class TestPosterior:
    def test_inside_the_candidates_it_is_the_draws(self) -> None:
        best = np.random.default_rng(0).normal([-2.0, -1.0], [0.1, 0.3], size=(1000, 2))
        mean, draws = posterior_targets(surface(best, (-4.0, 0.0), (-4.0, 1.0)), REACH, 1000)
        assert draws.centre == pytest.approx(best)
        assert mean.centre[0] == pytest.approx(best.mean(axis=0))
        assert np.linalg.inv(mean.precision[0]) == pytest.approx(np.cov(best.T) + RESOLUTION**2 * np.eye(2))
        assert (draws.precision == mean.precision).all()
        assert posterior_targets(surface(best, (-4.0, 0.0), (-4.0, 1.0)), REACH, 5)[1].centre.shape == (5, 2)

    def test_at_the_end_of_the_candidates_it_lies_somewhere_beyond(self) -> None:
        best = np.column_stack([np.full(1000, -4.0), np.full(1000, 0.0), np.full(1000, -2.0)])
        _, draws = posterior_targets(surface(best, *[(-4.0, -2.0, 0.0)] * 3), REACH, 1000)
        low, high, inside = draws.centre.T
        assert (low.max() <= -4.0, low.min() >= -4.0 - math.log(ROOM)) == (True, True)
        assert (high.min() >= 0.0, high.max() <= math.log(ROOM)) == (True, True)
        assert (low.std(), high.std()) == pytest.approx((math.log(ROOM) / math.sqrt(12),) * 2, rel=0.1)
        assert (inside == -2.0).all()

    def test_a_lone_candidate_says_nothing(self) -> None:
        best = np.random.default_rng(0).normal([-2.0, -1.0], [0.1, 0.0], size=(1000, 2))
        mean, draws = posterior_targets(surface(best, (-4.0, 0.0), (-1.0,)), REACH, 1000)
        assert (draws.centre[:, 1].min(), draws.centre[:, 1].max()) == pytest.approx((REACH.low, REACH.high), abs=0.05)
        assert mean.precision[0, 1, 1] < 0.01 * mean.precision[0, 0, 0]
