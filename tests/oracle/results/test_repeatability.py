"""How well a study repeats itself: over halves of its seeds, by the winners and by the surface."""

from __future__ import annotations

import math

import numpy as np
import pytest

from oracle.comparison.levels import winner_of
from oracle.results import repeatability as module
from oracle.results.intervals import DecidedLevel, Interval
from oracle.results.repeatability import Repeatability, overlap, repeatability, splits
from tests.oracle.surface.tops import study


def decided(count: int, seeds: int) -> list[DecidedLevel]:
    """Levels with a known truth, whose seeds differ."""
    return [
        DecidedLevel(one.level, 0.8**one.level, winner_of(one.scores), one.scores, answers=one.answers)
        for one in study(0, seeds=seeds)[:count]
    ]


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [(2, [[0]]), (3, [[0], [1], [2]]), (4, [[0, 1], [0, 2], [0, 3]])],
)
def test_few_seeds_are_split_in_all_ways(seeds: int, expected: list[list[int]]) -> None:
    assert splits(seeds) == expected


@pytest.mark.parametrize("seeds", [5, 12, 40])
def test_many_seeds_are_split_in_three_different_ways(seeds: int) -> None:
    found = splits(seeds)
    assert len({tuple(half) for half in found}) == 3
    assert all(len(set(half)) == seeds // 2 and set(half) <= set(range(seeds)) for half in found)
    assert found == splits(seeds)


def test_the_overlap_is_what_both_cover_of_what_they_cover_together() -> None:
    assert overlap(Interval(1, 4), Interval(2, 8)) == pytest.approx(1 / 3)
    assert overlap(Interval(1, 4), Interval(1, 4)) == 1
    assert overlap(Interval(1, 2), Interval(4, 8)) == 0
    assert overlap(Interval(2, 2), Interval(2, 2)) == 1
    assert overlap(Interval(2, 2), Interval(3, 3)) == 0


def test_the_winners_of_the_halves_are_compared_level_by_level() -> None:
    levels = decided(3, seeds=3)
    logs = []
    for level in levels:
        rates = sorted(level.scores)
        table = np.array([level.scores[rate] for rate in rates])
        for alone in range(3):
            rest = [seed for seed in range(3) if seed != alone]
            one, other = rates[table[:, alone].argmax()], rates[table[:, rest].mean(axis=1).argmax()]
            logs.append(math.log(one / other))
    found = repeatability(levels)
    assert found is not None
    assert (found.halves, found.splits) == ((1, 2), 3)
    assert math.log(found.winners) == pytest.approx(math.sqrt(np.square(logs).mean()))
    assert 1 <= found.best < found.winners
    assert found.within is not None
    assert found.model is not None
    assert 0 < found.within <= 1
    assert 0 < found.model <= 1


def test_the_same_levels_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = decided(2, seeds=2)
    found = repeatability(levels)
    monkeypatch.setattr(module, "study_best", lambda _: pytest.fail("It was computed again."))
    assert repeatability(levels) is found


def test_a_candidate_that_diverged_on_one_seed_wins_in_no_half() -> None:
    accuracies = {0.1: [0.5, 0.5], 0.2: [0.6, 0.6], 0.4: [0.9, 0.1]}
    level = DecidedLevel(0, 1.0, 0.2, accuracies, diverged=frozenset({0.4}))
    found = repeatability([level])
    assert found is not None
    assert found.winners == 1


def test_one_seed_or_no_level_says_nothing() -> None:
    assert repeatability([]) is None
    assert repeatability([DecidedLevel(0, 1.0, 0.1, {0.1: [0.5], 0.2: [0.4]})]) is None


def test_the_sentence_says_what_it_holds_for() -> None:
    sentence = Repeatability((1, 2), 3, winners=1.5, best=1.16, within=0.6, model=0.8).sentence
    assert "(1 and 2 seeds, split in 3 ways) put the best max_lr a factor of 1.50 apart (winners) and 1.16 (model)" in (
        sentence
    )
    assert "60\u202f% lies in both (“within”) and 80\u202f% (“model”)" in sentence
    assert "not what other examples would" in sentence
    assert "(2 seeds each)" in Repeatability((2, 2), 1, 1.0, 1.0, None, None).sentence
