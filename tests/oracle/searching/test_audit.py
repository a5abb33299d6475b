"""The trials that are finished whatever their rule says are few, spread evenly, and always the same."""

from __future__ import annotations

import pytest

from oracle.searching.audit import SHARE, audited

RATES = [0.02 * 1.1**i for i in range(60)]


def test_the_share() -> None:
    cells = [(level, seed, max_lr) for level in range(20) for seed in range(10) for max_lr in RATES]
    found = [cell for cell in cells if audited(*cell)]
    assert len(found) / len(cells) == pytest.approx(SHARE, abs=0.006)  # three standard errors
    for place in range(3):  # neither level, nor seed, nor max_lr decides by itself
        values = {cell[place] for cell in cells}
        assert {cell[place] for cell in found} == values


def test_it_is_the_same_always_and_everywhere() -> None:
    found = [(level, seed) for level in range(4) for seed in range(20) if audited(level, seed, 0.1)]
    assert found == [(0, 5), (1, 2), (3, 3), (3, 4)]
    assert all(audited(level, seed, 1) == audited(level, seed, 1.0) for level in range(50) for seed in range(5))
