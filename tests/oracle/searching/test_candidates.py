"""Which candidate wins."""

from __future__ import annotations

import pytest

from oracle.comparison import levels
from oracle.searching.candidates import Candidate, best, is_edge, silence, standing, winner_of
from oracle.testing.proposers import spec_with


@pytest.mark.parametrize(
    ("scores", "winner"),
    [({0.1: 0.8, 0.2: 0.9, 0.4: 0.7}, 0.2), ({0.4: 0.9, 0.1: 0.8, 0.2: 0.9}, 0.2), ({0.3: 0.0}, 0.3)],
)
def test_the_highest_mean_wins_and_of_equal_ones_the_smallest_max_lr(scores: dict[float, float], winner: float) -> None:
    assert winner_of(scores) == winner
    assert best([Candidate(max_lr, 0, mean, diverged=False) for max_lr, mean in scores.items()]).max_lr == winner
    assert levels.winner_of({max_lr: [mean, mean] for max_lr, mean in scores.items()}) == winner


def test_a_round_is_no_advantage() -> None:
    observed = [Candidate(0.4, 0, 0.9, diverged=False), Candidate(0.2, 1, 0.9, diverged=False)]
    assert best(observed) == best(observed[::-1]) == observed[1]


SOUND = [Candidate(0.1, 0, 0.80, diverged=False), Candidate(0.2, 0, 0.85, diverged=False)]


@pytest.mark.parametrize(
    "lucky",
    [
        Candidate(0.05, 0, 0.88, diverged=True),
        Candidate(0.4, 1, 0.88, diverged=True, finite=False),
        Candidate(0.01, 0, 0.85, diverged=True),
    ],
    ids=["finite", "not finite", "a tie"],
)
def test_one_that_diverged_never_wins_and_never_looks_better_than_one_that_did_not(lucky: Candidate) -> None:
    observed = [lucky, *SOUND]
    assert best(observed) == SOUND[1]
    assert standing(observed) == {0.1: 0.80, 0.2: 0.85, lucky.max_lr: 0.80}
    assert silence(observed) is None
    assert not is_edge(SOUND[0], observed) or lucky.max_lr > 0.1


def test_one_that_diverged_and_is_worse_stands_where_it_was() -> None:
    assert standing([*SOUND, Candidate(0.4, 0, 0.1, diverged=True)])[0.4] == 0.1


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tpe", "gp", "cmaes"])
def test_a_sampler_is_not_drawn_to_where_training_diverges(method: str) -> None:
    """It proposes the same whether a diverged candidate was very lucky or only a little."""
    from oracle.searching.proposers.optuna import SamplerProposer

    spec = spec_with(batch=2)

    def proposed(luck: float) -> list[float]:
        seen = [*SOUND, Candidate(0.6, 1, luck, diverged=True, finite=False), Candidate(0.8, 1, luck, diverged=True)]
        return SamplerProposer(method, spec.search.max_lr, 2, 0).propose(seen)

    assert proposed(0.99) == proposed(0.81)
