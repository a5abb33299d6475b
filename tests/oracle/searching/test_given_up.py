"""Candidates that were stopped early: how far behind they were."""

from __future__ import annotations

import pytest

from oracle.results.intervals import RULES, DecidedLevel
from oracle.searching.candidates import Cell
from oracle.searching.given_up import given_up
from oracle.surface import fit_surface
from scyc import StopRule

RULE = StopRule(1, 0.7)


def complete(max_lr: float, seed: int, *curve: float, diverged: bool = False) -> Cell:
    return Cell(max_lr, seed, 0, "complete", curve[-1], diverged, curve=curve)


def stopped(max_lr: float, seed: int, *curve: float) -> Cell:
    return Cell(max_lr, seed, 1, "stopped", stop=RULE, curve=curve)


def test_it_is_the_distance_to_the_best_of_the_same_seed_by_then() -> None:
    cells = [complete(0.1, 0, 0.5, 0.75, 0.8), complete(0.2, 0, 0.1, 0.72, 0.9), complete(0.1, 1, 0.5, 0.95, 0.99)]
    assert given_up([*cells, stopped(0.4, 0, 0.4, 0.6)]) == {0.4: pytest.approx(0.15)}
    assert given_up([*cells, stopped(0.4, 0, 0.4, 0.6), stopped(0.4, 1, 0.4, 0.6)]) == {0.4: pytest.approx(0.25)}
    assert given_up(cells) == {}


def test_one_that_diverged_is_nobodys_best() -> None:
    cells = [complete(0.1, 0, 0.5, 0.75), complete(0.8, 0, 0.5, 0.99, diverged=True), stopped(0.4, 0, 0.4, 0.6)]
    assert given_up(cells) == {0.4: pytest.approx(0.15)}


def test_without_another_of_its_seed_its_rule_is_what_it_missed() -> None:
    assert given_up([complete(0.1, 1, 0.5, 0.75), stopped(0.4, 0, 0.4, 0.6)]) == {0.4: pytest.approx(0.1)}


ACCURACIES = {0.025: [0.780, 0.785], 0.05: [0.795, 0.801], 0.1: [0.803, 0.807], 0.2: [0.806, 0.811]}


@pytest.mark.parametrize("rule", RULES)
def test_it_marks_where_an_interval_ends(rule: str) -> None:
    """Without it, nobody knows how far the interval reaches."""
    alone = DecidedLevel(0, 1.0, 0.2, ACCURACIES)
    marked = DecidedLevel(0, 1.0, 0.2, ACCURACIES, given_up={0.4: 0.05})
    [open_], [ends] = (RULES[rule].intervals([level], 0.005) for level in (alone, marked))
    assert open_ is not None
    assert ends is not None
    assert open_.high_open
    assert not ends.high_open
    assert 0.2 <= ends.high < 0.4


def test_the_surface_knows_a_mark_less_well_than_a_result() -> None:
    marked = DecidedLevel(0, 1.0, 0.2, ACCURACIES, given_up={0.4: 0.05})
    result = DecidedLevel(0, 1.0, 0.2, {**ACCURACIES, 0.4: [0.756, 0.761]})
    rough, known = (fit_surface([level]).regret_at(0, 0.4) for level in (marked, result))
    assert rough is not None
    assert known is not None
    assert rough.std() > 1.3 * known.std()
    assert rough.mean() == pytest.approx(0.05, abs=0.02)
