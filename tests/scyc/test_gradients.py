from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scyc.gradients import POINTS, WINDOW, windows


@given(st.integers(1, 500))
def test_windows_never_overlap_and_lie_in_the_level(steps: int) -> None:
    found = windows(steps)
    every = [step for window in found.values() for step in window]
    assert every == sorted(set(every))
    assert every[0] == 0
    assert every[-1] < steps
    assert [point for point in POINTS if point in found] == list(found)
    assert len({len(window) for window in found.values()}) == 1
    if steps >= 3:
        assert tuple(found) == POINTS
        assert found["middle"][0] == steps // 2
        assert found["end"][-1] == steps - 1
    if steps >= 4 * WINDOW:
        assert len(found["end"]) == WINDOW


@pytest.mark.parametrize(("steps", "points"), [(1, ("start",)), (2, ("start", "end")), (3, POINTS), (500, POINTS)])
def test_a_short_level_has_fewer_points(steps: int, points: tuple[str, ...]) -> None:
    assert tuple(windows(steps)) == points
