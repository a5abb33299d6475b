"""Levels of a racing search: what is said of candidates that were not trained on all seeds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from oracle.results.intervals import RULES, DecidedLevel
from oracle.results.repeatability import repeatability
from oracle.searching.filling import filled_in
from oracle.surface import best_curve, fit_surface
from tests.oracle.surface.tops import CENTRES, Level, rate_at, study

GRID = {0.1: {0: 0.8, 1: 0.82}, 0.2: {0: 0.9, 1: 0.91}}


def test_a_grid_is_left_as_it_is() -> None:
    assert filled_in(GRID) == ({0.1: [0.8, 0.82], 0.2: [0.9, 0.91]}, {})


def test_gaps_are_candidate_plus_seed() -> None:
    accuracies, trained = filled_in({**GRID, 0.4: {1: 0.85}})
    assert accuracies[0.4][0] == pytest.approx(0.85 - 0.015)
    assert accuracies[0.4][1] == 0.85
    assert trained == {0.1: (True, True), 0.2: (True, True), 0.4: (False, True)}


def test_one_that_diverged_says_nothing_of_the_seeds() -> None:
    accuracies, _ = filled_in({**GRID, 0.4: {0: 0.9}, 0.8: {1: 0.1}}, {0.8})
    assert accuracies[0.8] == [0.1, 0.1]
    assert accuracies[0.4][1] == pytest.approx(0.915)


def test_what_is_filled_in_is_a_fraction() -> None:
    accuracies, _ = filled_in({0.1: {0: 0.2, 1: 0.9}, 0.2: {0: 0.99}, 0.4: {1: 0.01}})
    assert accuracies[0.2] == [0.99, 1.0]
    assert accuracies[0.4] == [0.0, 0.01]


def race(level: Level, most: float = 0.01) -> DecidedLevel:
    """Return a level as a race leaves it: candidates that lose more on the first seed are not trained on the others."""
    means = {rate: float(np.mean(values)) for rate, values in level.scores.items()}
    winner = max(means, key=means.__getitem__)
    seeds = len(level.scores[winner])
    on_all = {
        rate: rate == winner or level.scores[winner][0] - values[0] <= most for rate, values in level.scores.items()
    }
    found = {rate: dict(enumerate(values[: seeds if on_all[rate] else 1])) for rate, values in level.scores.items()}
    accuracies, trained = filled_in(found)
    answers = level.answers and {rate: rows[: len(found[rate])] for rate, rows in level.answers.items()}
    return DecidedLevel(level.level, 1.0, winner, accuracies, answers=answers, trained=trained)


def test_a_race_leaves_the_surface_nearly_what_the_grid_makes_of_it() -> None:
    grid = study(0)
    raced = [race(level) for level in grid]
    spent = sum(level.times_trained(rate) for level in raced for rate in level.scores)
    assert spent < 0.7 * sum(len(values) for level in grid for values in level.scores.values())
    off = np.log(best_curve(fit_surface(raced)).max_lr) - np.log(rate_at(CENTRES))
    of_grid = np.log(best_curve(fit_surface(grid)).max_lr) - np.log(rate_at(CENTRES))
    assert np.sqrt((off**2).mean()) < 1.5 * np.sqrt((of_grid**2).mean()) + 0.05


def test_fewer_trainings_are_less_certain() -> None:
    grid = study(0, recorded=False)
    narrow, wide = (
        np.mean([math.log(high / low) for low, high in zip(c.low, c.high, strict=True)])
        for c in (best_curve(fit_surface(each)) for each in (grid, [on_first_two(level) for level in grid]))
    )
    assert wide > narrow


def on_first_two(level: Level) -> Level:
    """Return a level whose candidates have the same means, but from the first two seeds, the best one excepted."""
    best = max(level.scores, key=lambda rate: sum(level.scores[rate]))
    trained = {rate: (True, True, rate == best) for rate in level.scores}
    return replace(level, trained=trained)


def test_paired_allows_a_candidate_of_one_seed_more() -> None:
    accuracies = {
        0.1: [0.890, 0.896, 0.893],
        0.2: [0.900, 0.910, 0.902],
        0.3: [0.899, 0.905, 0.900],
        0.4: [0.880, 0.885, 0.882],
    }
    whole = DecidedLevel(0, 1.0, 0.2, accuracies)
    on_one = replace(whole, trained={rate: (True, rate != 0.4, rate != 0.4) for rate in accuracies})
    [narrow], [wide] = (RULES["paired"].intervals([level], 0.005) for level in (whole, on_one))
    assert narrow is not None
    assert wide is not None
    assert wide.high > narrow.high
    assert RULES["within"].intervals([whole], 0.005) == RULES["within"].intervals([on_one], 0.005)


def test_halves_of_a_race_are_not_compared() -> None:
    assert repeatability([race(level) for level in study(0)]) is None


def test_beyond_the_candidates_of_a_race_nothing_is_better() -> None:
    """A race leaves out what lies beyond a candidate that is clearly worse; a grid does not know what lies there."""
    grid = study(0)
    raced = [race(level) for level in grid]
    assert any(level.trained for level in raced)
    beyond = 1.5 * max(grid[0].scores)
    assert fit_surface(grid).regret_at(0, beyond) is None
    surface = fit_surface(raced)
    regret, at_the_end = surface.regret_at(0, beyond), surface.regret_at(0, max(grid[0].scores))
    assert regret is not None
    assert at_the_end is not None
    assert regret.tolist() == at_the_end.tolist()
