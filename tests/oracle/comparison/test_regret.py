"""Regret in training: the spread that schedules share, the test examples, what seeds could tell, and Holm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import t as student

from oracle.comparison.power import limit, seeds_to_tell, told_by
from oracle.comparison.regret import Regret, holm, regrets
from oracle.comparison.sampling import of_examples
from oracle.comparison.spread import alike, moderated

Floats = NDArray[np.float64]


def losses(sds: Floats, seeds: int, rng: np.random.Generator, levels: int = 4) -> Floats:
    """True regrets of 0: what the oracle's noise gives to all schedules, and noise of each one's own."""
    of_oracle = rng.standard_normal((1, levels, seeds))
    return of_oracle + sds[:, None, None] * rng.standard_normal((len(sds), levels, seeds))


class TestSpread:
    def test_one_schedule_has_its_own(self) -> None:
        [(variance, freedom)] = moderated([np.array([[0.1, 0.2, 0.4]])])
        assert variance == pytest.approx(np.var([0.1, 0.2, 0.4], ddof=1))
        assert freedom == 2

    def test_a_lucky_spread_learns_from_the_others(self) -> None:
        rng = np.random.default_rng(1)
        found = list(losses(np.ones(7), 3, rng))
        lucky = np.full((4, 3), 0.5) + 1e-3 * rng.standard_normal((4, 3))
        (variance, freedom), *_ = moderated([lucky, *found])
        assert math.sqrt(variance) > 100 * lucky.mean(axis=0).std(ddof=1)
        assert freedom > 2

    def test_one_that_collapses_stands_alone_and_moves_no_other(self) -> None:
        rng = np.random.default_rng(2)
        found = list(losses(np.ones(6), 3, rng))
        wild = 30 * rng.standard_normal((4, 3))
        *others, (variance, freedom) = moderated([*found, wild])
        assert others == moderated(found)
        assert [variance, freedom] == pytest.approx([wild.mean(axis=0).var(ddof=1), 2])

    def test_the_oracle_itself_takes_no_part(self) -> None:
        found = list(losses(np.ones(3), 3, np.random.default_rng(3)))
        assert alike([np.zeros((4, 3)), *found]) == [place + 1 for place in alike(found)]
        assert moderated([np.zeros((4, 3))]) == [(0.0, 2.0)]

    @given(st.floats(1e-3, 1e3))
    def test_scales_with_the_unit(self, unit: float) -> None:
        found = list(losses(np.ones(3), 3, np.random.default_rng(4)))
        for one, other in zip(moderated(found), moderated([unit * loss for loss in found]), strict=True):
            assert list(other) == pytest.approx([unit**2 * one[0], one[1]])

    @pytest.mark.parametrize("sds", [np.ones(6), np.exp(np.linspace(-0.5, 0.5, 6))], ids=["alike", "unlike"])
    @pytest.mark.parametrize("seeds", [3, 6])
    def test_intervals_cover_and_are_narrower_than_student_s(self, seeds: int, sds: Floats) -> None:
        rng = np.random.default_rng(5)
        covered, widths, students = [], [], []
        for _ in range(150):
            found = list(losses(sds, seeds, rng))
            for loss, (variance, freedom) in zip(found, moderated(found), strict=True):
                half = student.ppf(0.975, freedom) * math.sqrt(variance / seeds)
                covered.append(abs(loss.mean()) <= half)
                widths.append(half)
                students.append(student.ppf(0.975, seeds - 1) * loss.mean(axis=0).std(ddof=1) / math.sqrt(seeds))
        assert 0.92 <= np.mean(covered) <= 0.98
        assert np.mean(widths) < (0.75 if seeds == 3 else 0.95) * np.mean(students)


class TestExamples:
    def test_what_is_the_same_on_all_seeds_is_the_examples_own(self) -> None:
        of_example = np.random.default_rng(0).standard_normal(50)
        variance, freedom = of_examples(np.tile(of_example, (4, 1)))
        assert variance == pytest.approx(of_example.var(ddof=1) / 50)
        assert freedom == 49

    def test_chance_alone_is_not_counted_twice(self) -> None:
        rng = np.random.default_rng(1)
        found = [of_examples(rng.standard_normal((3, 400)))[0] for _ in range(50)]
        assert np.mean(found) < 0.15 / 1200  # the pigeonhole variance would add 1 / 1200

    def test_one_seed_tells_nothing(self) -> None:
        assert of_examples(np.ones((1, 50))) == (0.0, math.inf)

    def test_intervals_hold_for_new_examples(self) -> None:
        rng = np.random.default_rng(2)
        seeds, examples, names = 6, 200, [str(i) for i in range(4)]
        covered: list[bool] = []
        without: list[bool] = []
        for _ in range(100):
            shared = {name: rng.standard_normal(examples) for name in names}
            each = {
                name: 0.05 * rng.standard_normal((seeds, 1)) + shared[name] + rng.standard_normal((seeds, examples))
                for name in names
            }
            means = {name: answers.mean(axis=1)[None, :] for name, answers in each.items()}
            for found, counted in ((regrets(means, each), covered), (regrets(means), without)):
                counted += [(r.low or 0) <= 0 <= (r.high or 0) for r in found.values()]
        assert 0.92 <= np.mean(covered) <= 0.98
        assert np.mean(without) < 0.9

    def test_the_part_of_the_examples_is_said(self) -> None:
        rng = np.random.default_rng(3)
        loss, answers = rng.standard_normal((2, 3)), rng.standard_normal((3, 40))
        with_examples, without = regrets({"a": loss}, {"a": answers})["a"], regrets({"a": loss})["a"]
        assert without.sampling is None
        assert with_examples.sampling == pytest.approx(math.sqrt(of_examples(answers)[0]))
        assert with_examples.error == pytest.approx(math.hypot(without.error or 0, with_examples.sampling or 0))


class TestPower:
    SPREAD, NONE = (0.01**2, 10.0), (0.0, math.inf)

    def test_the_number_of_seeds_is_the_first_that_tells(self) -> None:
        needed = seeds_to_tell(0.005, 3, self.SPREAD, self.NONE)
        assert needed is not None
        before, after = told_by(np.array([needed - 1, needed]), 3, self.SPREAD, self.NONE)
        assert after <= 0.005 < before

    def test_is_what_a_power_of_8_in_10_asks_for(self) -> None:
        rng, needed = np.random.default_rng(0), seeds_to_tell(0.01, 3, self.SPREAD, self.NONE)
        assert needed is not None
        values = 0.01 + 0.01 * rng.standard_normal((4000, needed))
        freedom = 10 * (needed - 1) / 2
        half = student.ppf(0.975, freedom) * 0.01 / math.sqrt(needed)
        assert np.mean(values.mean(axis=1) > half) == pytest.approx(0.8, abs=0.05)

    def test_no_number_of_seeds_makes_up_for_a_small_test_set(self) -> None:
        sampling = (0.003**2, 999.0)
        assert limit(sampling) == pytest.approx(2.8 * 0.003, rel=0.01)
        assert seeds_to_tell(0.9 * limit(sampling), 3, self.SPREAD, sampling) is None
        assert seeds_to_tell(1.2 * limit(sampling), 3, self.SPREAD, sampling) is not None

    def test_a_difference_that_is_told_takes_no_more(self) -> None:
        assert seeds_to_tell(1.0, 3, self.SPREAD, self.NONE) == 3


class TestTogether:
    def test_is_holm_s(self) -> None:
        found = holm({name: Regret(1, 0, 2, p=p) for name, p in (("a", 0.01), ("b", 0.04), ("c", 0.03), ("d", 0.5))})
        assert {name: one.p_together for name, one in found.items()} == pytest.approx(
            {"a": 0.04, "b": 0.09, "c": 0.09, "d": 0.5}
        )
        assert [name for name, one in found.items() if one.together] == ["a"]
        assert [name for name, one in found.items() if one.alone] == ["a", "b", "c"]

    def test_one_seed_has_no_p(self) -> None:
        [one] = holm(regrets({"a": np.array([[0.1], [0.2]])})).values()
        assert one.mean == pytest.approx(0.15)
        assert (one.low, one.p_together, one.told) == (None, None, None)
