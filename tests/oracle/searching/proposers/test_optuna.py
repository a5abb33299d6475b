"""Optuna's samplers as proposers."""

from __future__ import annotations

import math
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

from oracle.searching.candidates import Candidate
from oracle.searching.proposers.optuna import SamplerProposer
from oracle.spec.search import MaxLrSpec

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ["tpe", "gp", "cmaes", "qmc", "random"]
SPACE = MaxLrSpec(low=0.02, high=1.0, count=9)


def peak(optimum: float) -> Callable[[float], float]:
    return lambda max_lr: 0.9 - 0.05 * math.log(max_lr / optimum) ** 2


def search(
    method: str,
    space: MaxLrSpec = SPACE,
    batch: int = 4,
    level: int = 0,
    surface: Callable[[float], float] = peak(0.2),  # noqa: B008 - a pure function
) -> list[list[float]]:
    """Every round that is proposed."""
    proposer = SamplerProposer(method, space, batch, level)
    rounds: list[list[float]] = []
    while new := proposer.propose(trained(rounds, surface)):
        rounds.append(new)
    return rounds


def trained(rounds: list[list[float]], surface: Callable[[float], float] = peak(0.2)) -> list[Candidate]:  # noqa: B008
    return [
        Candidate(max_lr, number, surface(max_lr), diverged=False)
        for number, proposed in enumerate(rounds)
        for max_lr in proposed
    ]


@cache
def usual(method: str) -> list[list[float]]:
    return search(method)


@pytest.mark.parametrize("method", METHODS)
class TestEverySampler:
    @pytest.mark.parametrize(("count", "batch"), [(6, 4), (5, 1), (4, 2), (3, 8)])
    def test_spends_its_budget_in_rounds(self, method: str, count: int, batch: int) -> None:
        space = MaxLrSpec(low=0.02, high=1.0, count=count)
        sizes = [len(proposed) for proposed in search(method, space, batch)]
        full, rest = divmod(count, batch)
        assert sizes == [batch] * full + [rest] * (rest > 0)

    @pytest.mark.parametrize("scale", ["log", "linear"])
    def test_proposes_distinct_values_in_range(self, method: str, scale: str) -> None:
        space = MaxLrSpec(low=0.05, high=0.4, count=9, scale="log" if scale == "log" else "linear")
        values = [value for proposed in search(method, space) for value in proposed]
        assert len(set(values)) == len(values) == 9
        assert all(0.05 <= value <= 0.4 for value in values)
        assert all(float(f"{value:.4g}") == value for value in values)

    def test_stays_in_a_range_finer_than_its_rounding(self, method: str) -> None:
        space = MaxLrSpec(low=0.100004, high=0.100096, count=3)
        values = [value for proposed in search(method, space) for value in proposed]
        assert values
        assert all(0.100004 <= value <= 0.100096 for value in values)

    def test_proposes_the_same_after_an_interruption_anywhere(self, method: str) -> None:
        rounds = usual(method)
        for number, expected in enumerate(rounds):
            fresh = SamplerProposer(method, SPACE, 4, level=0)
            assert fresh.propose(trained(rounds[:number])) == expected

    def test_keeps_no_memory_between_proposals(self, method: str) -> None:
        rounds = usual(method)
        proposer = SamplerProposer(method, SPACE, 4, level=0)
        for _ in range(2):
            assert proposer.propose(trained(rounds[:1])) == rounds[1]
            assert proposer.propose([]) == rounds[0]

    def test_proposes_other_values_at_another_level(self, method: str) -> None:
        first, second = (SamplerProposer(method, SPACE, 4, level).propose([]) for level in (0, 1))
        assert first != second

    @pytest.mark.parametrize("accuracy", [0.0, 0.9], ids=["all diverged", "all the same"])
    def test_copes_with_a_flat_surface(self, method: str, accuracy: float) -> None:
        assert sum(len(proposed) for proposed in search(method, surface=lambda _: accuracy)) == 9


@pytest.mark.parametrize(("method", "count"), [("tpe", 24), ("gp", 12), ("cmaes", 24)])
def test_a_sampler_that_learns_ends_nearer_the_optimum_than_it_began(method: str, count: int) -> None:
    space = MaxLrSpec(low=0.02, high=1.0, count=count)
    begun, ended = [], []
    for level, optimum in enumerate((0.05, 0.25, 0.7)):
        rounds = search(method, space, level=level, surface=peak(optimum))
        begun += [abs(math.log(value / optimum)) for value in rounds[0]]
        ended += [abs(math.log(value / optimum)) for proposed in rounds[-2:] for value in proposed]
    assert fmean(ended) < 0.7 * fmean(begun)


@pytest.mark.parametrize("method", ["qmc", "random"])
def test_a_sampler_that_does_not_learn_ignores_what_was_observed(method: str) -> None:
    assert search(method, surface=peak(0.05)) == search(method, surface=peak(0.7))


def test_a_sampler_that_learns_does_not() -> None:
    assert search("tpe", surface=peak(0.05)) != search("tpe", surface=peak(0.7))
