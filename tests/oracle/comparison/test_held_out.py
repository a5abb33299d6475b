"""S-Cyc and its rivals: how probable each is, and how far off at held-out levels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.comparison.held_out import HeldOut, leave_one_out, sentences
from oracle.comparison.rivals import families
from oracle.comparison.targets import Range, Targets
from scyc import SCyc
from tests.oracle.comparison.surfaces import P

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(logs: Sequence[float], sd: float = 0.05) -> tuple[HeldOut, ...]:
    """S-Cyc and its rivals, fitted to these centres, each known to `sd`."""
    n = len(logs)
    aim = Targets(np.arange(float(n)), np.array([logs]), np.eye(n)[None] / sd**2)
    return leave_one_out(families(P, Range(math.log(0.005), math.log(4.0)), (0.0, n - 1.0)), aim)


TRUTHS = {
    "s-cyc": np.log([SCyc(0.08, 0.2, 5.0, 2, P)(m) for m in range(13)]),
    "constant": np.full(13, -2.0),
    "linear": np.log([0.05 + 0.02 * m for m in range(13)]),
    "exponential": -3 + 0.12 * np.arange(13),
    "monotone": np.repeat([-3.0, -2.5, -1.5, -1.0], [2, 4, 4, 3]),
}


class TestRivals:
    @pytest.mark.parametrize("truth", TRUTHS)
    def test_the_shape_that_is_right_is_the_most_probable(self, truth: str) -> None:
        noise = 0.05 * np.random.default_rng(3).standard_normal(13)
        weights = {found.family: found.weight for found in table((TRUTHS[truth] + noise).tolist())}
        assert max(weights, key=lambda name: weights[name]) == truth

    def test_a_constant_is_worse_on_an_s(self) -> None:
        found = table(TRUTHS["s-cyc"].tolist())
        ours, theirs = (next(one.error for one in found if one.family == name) for name in ("s-cyc", "constant"))
        assert ours is not None
        assert theirs is not None
        assert theirs.verdict == "worse"
        assert theirs.rms > 3 * ours.rms
        assert "comes nearer to the best max_lr than these do: constant" in " ".join(sentences(found))

    def test_at_held_out_levels_a_constant_is_off_by_hand(self) -> None:
        logs = [-2.0, -2.0, -2.0, -2.0, -1.0]
        [error] = [found.error for found in table(logs) if found.family == "constant"]
        assert error is not None
        assert error.rms == pytest.approx(math.sqrt((4 * 0.25**2 + 1) / 5), rel=1e-4)

    def test_the_weights_follow_from_misfit_and_number_of_parameters(self) -> None:
        found = table([-2.0, -2.1, -1.9, -2.0, -2.05], sd=0.1)
        by = {one.family: one for one in found}
        price = math.exp(-0.5 * (by["linear"].misfit - by["constant"].misfit + math.log(5)))
        assert by["linear"].weight / by["constant"].weight == pytest.approx(price)
        assert by["constant"].misfit == pytest.approx(np.var([2.0, 2.1, 1.9, 2.0, 2.05]) * 5 / 0.01)

    def test_nothing_is_told_apart_where_nothing_rises(self) -> None:
        found = table((0.03 * np.random.default_rng(0).standard_normal(13)).tolist())
        assert {one.error.verdict for one in found if one.error} == {None, "not told apart"}
        assert sentences(found)[-1].startswith("Held-out levels do not show whether")

    def test_four_levels_are_too_few_to_hold_one_out(self) -> None:
        found = table([-2.0, -2.0, -1.5, -1.5])
        assert all(one.error is None for one in found)
        assert "fewer than 5 levels" in sentences(found)[-1]

    def test_a_rest_that_is_improbable_is_summed_up(self) -> None:
        assert "less than 5 %" in sentences(table(TRUTHS["s-cyc"].tolist()))[0]
        assert "less than" not in sentences(table([-2.0, -2.0, -2.0]))[0]
