"""Candidate + seed, with gaps where a search spared a candidate some seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.surface.two_way import filled, residuals, weights

NAN = float("nan")

sizes = st.tuples(st.integers(2, 6), st.integers(2, 5), st.integers(0, 2**32 - 1))


def racing(candidates: int, seeds: int, random: np.random.Generator) -> np.ndarray:
    """Return which cells a race trains: the first candidate on all seeds, each other on the first ones."""
    counts = [seeds, *random.integers(1, seeds + 1, candidates - 1)]
    return np.arange(seeds) < np.array(counts)[:, None]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(sizes)
def test_what_is_additive_is_filled_in_exactly(size: tuple[int, int, int]) -> None:
    candidates, seeds, seed = size
    random = np.random.default_rng(seed)
    additive = random.normal(size=(candidates, 1)) + random.normal(size=seeds)
    trained = racing(candidates, seeds, random)
    table = np.where(trained, additive, NAN)
    assert np.allclose(filled(table), additive)
    assert residuals(table)[0] == pytest.approx(0, abs=1e-18)
    assert np.allclose(weights(trained) @ table[trained], additive.mean(axis=1))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(sizes)
def test_residuals_are_those_of_least_squares(size: tuple[int, int, int]) -> None:
    candidates, seeds, seed = size
    random = np.random.default_rng(seed)
    trained = racing(candidates, seeds, random)
    table = np.where(trained, random.normal(size=trained.shape), NAN)
    rows, columns = np.nonzero(trained)
    design = np.hstack([np.eye(candidates)[rows], np.eye(seeds)[columns]])
    effects, _, rank, _ = np.linalg.lstsq(design, table[trained], rcond=None)
    left = table[trained] - design @ effects
    found, freedom = residuals(table)
    assert found == pytest.approx(float(left @ left), abs=1e-12)
    assert freedom == trained.sum() - rank


def test_without_gaps_the_mean_of_a_row_is_its_mean() -> None:
    table = np.array([[1.0, 2.0, 6.0], [0.0, 4.0, 2.0]])
    assert weights(np.ones((2, 3), bool)) @ table.ravel() == pytest.approx([3.0, 2.0])
    assert filled(table) is table
    # 0.5 off the row's and the column's mean, everywhere but in the last two columns.
    assert residuals(table)[0] == pytest.approx(2 * (0.0**2 + 1.5**2 + 1.5**2))


def test_a_candidate_on_a_hard_seed_is_not_taken_for_a_bad_one() -> None:
    """The first seed is two points harder for everybody."""
    table = np.array([[0.80, 0.82, 0.82], [0.805, NAN, NAN]])
    assert filled(table)[1].mean() == pytest.approx(table[0].mean() + 0.005)
