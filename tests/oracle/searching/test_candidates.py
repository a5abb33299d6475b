"""Which candidate wins."""

from __future__ import annotations

import pytest

from oracle.comparison import surface
from oracle.searching.candidates import Candidate, best, winner_of


@pytest.mark.parametrize(
    ("accuracies", "winner"),
    [({0.1: 0.8, 0.2: 0.9, 0.4: 0.7}, 0.2), ({0.4: 0.9, 0.1: 0.8, 0.2: 0.9}, 0.2), ({0.3: 0.0}, 0.3)],
)
def test_the_highest_mean_wins_and_of_equal_ones_the_smallest_max_lr(
    accuracies: dict[float, float], winner: float
) -> None:
    assert winner_of(accuracies) == winner
    assert best([Candidate(max_lr, 0, mean, diverged=False) for max_lr, mean in accuracies.items()]).max_lr == winner
    assert surface.winner_of({max_lr: [mean, mean] for max_lr, mean in accuracies.items()}) == winner


def test_a_round_is_no_advantage() -> None:
    observed = [Candidate(0.4, 0, 0.9, diverged=False), Candidate(0.2, 1, 0.9, diverged=True)]
    assert best(observed) == best(observed[::-1]) == observed[1]
