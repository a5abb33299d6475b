"""As many candidates as were asked for, from one end of the range to the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oracle.searching.candidates import Candidate
from oracle.searching.proposers import make_proposer
from oracle.searching.proposers.grid import GridProposer
from oracle.spec.model import Spec
from oracle.spec.search import MaxLrSpec, rounded


@pytest.mark.parametrize(
    ("low", "high", "count", "scale"),
    [
        (0.1, 0.10005, 2, "log"),
        (0.1, 0.1001, 100, "log"),
        (0.1, 0.2, 5000, "log"),
        (0.5, 0.500001, 7, "linear"),
        (1e-9, 1.0000001e-9, 3, "linear"),
        (1234.5, 1234.6, 20, "log"),
    ],
)
def test_a_narrow_range_has_all_its_candidates(low: float, high: float, count: int, scale: str) -> None:
    grid = MaxLrSpec.model_validate({"low": low, "high": high, "count": count, "scale": scale}).grid()
    assert len(grid) == count
    assert grid[0] == pytest.approx(low, rel=1e-12)
    assert grid[-1] == pytest.approx(high, rel=1e-12)


@given(st.floats(1e-6, 1e3), st.floats(1.0001, 1e4), st.integers(2, 60), st.sampled_from(["log", "linear"]))
def test_any_range(low: float, ratio: float, count: int, scale: str) -> None:
    space = MaxLrSpec.model_validate({"low": low, "high": low * ratio, "count": count, "scale": scale})
    assert len(space.grid()) == count


def test_more_candidates_than_numbers_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"there are only \d+ different numbers, and count asks for 50"):
        MaxLrSpec(low=0.1, high=0.1 + 2e-16, count=50)


@pytest.mark.parametrize(
    ("grid", "scale", "beyond"),
    [
        ([0.1, 0.1001, 0.1002], "linear", 0.1003),
        ([0.12345, 0.12346, 0.12347], "linear", 0.12348),
        ([0.1, 0.10001, 0.10002], "log", 0.10003),
    ],
)
def test_a_narrow_grid_is_widened_by_its_own_spacing(grid: list[float], scale: str, beyond: float) -> None:
    seen = [Candidate(value, 0, value, diverged=False) for value in grid]
    [value] = GridProposer(grid, "log" if scale == "log" else "linear", 4).propose(seen)
    assert value == pytest.approx(beyond, abs=(grid[1] - grid[0]) / 10)


def test_a_sampler_proposes_as_many_as_were_asked_for() -> None:
    search = {"method": "random", "batch": 8, "max_lr": {"low": 0.1, "high": 0.10005, "count": 8}}
    spec = Spec.model_validate({"search": search})
    assert len(make_proposer(spec, 0).propose([])) == 8


def test_wide_spacings_are_rounded_to_four_digits() -> None:
    assert rounded(0.123456, 0.01) == 0.1235
    assert rounded(0.123456, 0.00001) == 0.12346
    assert rounded(1 / 3, 1e-17) == 1 / 3
