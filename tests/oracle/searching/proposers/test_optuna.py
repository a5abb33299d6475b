"""Optuna's samplers as proposers."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

from oracle.searching.proposers.optuna import SamplerProposer
from oracle.testing.proposers import SamplerConformance, peak, spec_with

if TYPE_CHECKING:
    from oracle.searching.proposers import Proposer
    from oracle.spec.model import Spec

pytestmark = pytest.mark.slow


class Sampler(SamplerConformance):
    method: str

    def make_proposer(self, spec: Spec, level: int) -> Proposer:
        return SamplerProposer(self.method, spec.search.max_lr, spec.search.batch, level)


class TestTpe(Sampler):
    method = "tpe"


class TestGp(Sampler):
    method = "gp"


class TestCmaEs(Sampler):
    method = "cmaes"


class TestQmc(Sampler):
    method = "qmc"


class TestRandom(Sampler):
    method = "random"


def of(method: str) -> Sampler:
    sampler = Sampler()
    sampler.method = method
    return sampler


@pytest.mark.parametrize(("method", "count"), [("tpe", 24), ("gp", 12), ("cmaes", 24)])
def test_a_sampler_that_learns_ends_nearer_the_optimum_than_it_began(method: str, count: int) -> None:
    begun, ended = [], []
    for level, optimum in enumerate((0.05, 0.25, 0.7)):
        rounds = of(method).search(spec_with(count=count), level=level, surface=peak(optimum))
        begun += [abs(math.log(value / optimum)) for value in rounds[0]]
        ended += [abs(math.log(value / optimum)) for proposed in rounds[-2:] for value in proposed]
    assert fmean(ended) < 0.7 * fmean(begun)


@pytest.mark.parametrize("method", ["qmc", "random"])
def test_a_sampler_that_does_not_learn_ignores_what_was_observed(method: str) -> None:
    assert of(method).search(surface=peak(0.05)) == of(method).search(surface=peak(0.7))


def test_a_sampler_that_learns_does_not() -> None:
    assert of("tpe").search(surface=peak(0.05)) != of("tpe").search(surface=peak(0.7))
