"""What every proposer must do, as tests to subclass.

>>> class TestMine(ProposerConformance):  # in your own test module, for pytest
...     def make_proposer(self, spec: Spec, level: int) -> Proposer:
...         return MyProposer(spec.search.max_lr, spec.search.batch, level)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from oracle.searching.candidates import Candidate
from oracle.spec.files import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.searching.proposers import Proposer
    from oracle.spec.model import Spec

    Surface = Callable[[float], float]

MOST_ROUNDS = 100


def peak(optimum: float) -> Surface:
    """Return accuracies that fall off from an optimal `max_lr` as the squared logarithm of the distance."""
    return lambda max_lr: 0.9 - 0.05 * math.log(max_lr / optimum) ** 2


PEAK = peak(0.2)


def spec_with(batch: int = 4, **max_lr: Any) -> Spec:
    """Return a spec whose search has these settings. Default: 9 candidates from 0.02 to 1."""
    given = {"low": 0.02, "high": 1.0, "count": 9} | max_lr
    return parse_spec({"search": {"batch": batch, "max_lr": given}}, "of the test")


def trained(rounds: Sequence[Sequence[float]], surface: Surface) -> list[Candidate]:
    """Return the candidates that are observed once these rounds are trained, without noise or divergence."""
    return [
        Candidate(max_lr, number, surface(max_lr), diverged=False)
        for number, proposed in enumerate(rounds)
        for max_lr in proposed
    ]


class ProposerConformance:
    """Proposals depend only on what was observed, so that a study can be interrupted anywhere."""

    def make_proposer(self, spec: Spec, level: int) -> Proposer:
        """Return a new proposer of a level. Ignore the spec's `search.method`, which is not yours."""
        raise NotImplementedError

    def search(self, spec: Spec | None = None, level: int = 0, surface: Surface = PEAK) -> list[list[float]]:
        """Return all rounds of a level's search."""
        proposer = self.make_proposer(spec or spec_with(), level)
        rounds: list[list[float]] = []
        while new := proposer.propose(trained(rounds, surface)):
            rounds.append(new)
            assert len(rounds) < MOST_ROUNDS, "The search does not end."
        return rounds

    @pytest.mark.parametrize("optimum", [0.02, 5.0])
    @pytest.mark.parametrize("scale", ["log", "linear"])
    def test_it_proposes_each_value_once_and_comes_to_an_end(self, scale: str, optimum: float) -> None:
        """Wherever the optimum is. A level without a candidate could not be decided."""
        values = [
            value for proposed in self.search(spec_with(scale=scale), surface=peak(optimum)) for value in proposed
        ]
        assert values
        assert len(set(values)) == len(values)
        assert all(math.isfinite(value) and value > 0 for value in values)

    @pytest.mark.parametrize("accuracy", [0.0, 0.9], ids=["all diverged", "all the same"])
    def test_it_copes_with_a_flat_surface(self, accuracy: float) -> None:
        """The search ends there too."""
        values = [value for proposed in self.search(surface=lambda _: accuracy) for value in proposed]
        assert values
        assert len(set(values)) == len(values)

    def test_it_proposes_the_same_after_an_interruption_anywhere(self) -> None:
        """A new proposer that sees the rounds so far proposes what the old one would have proposed."""
        rounds = self.search()
        for number, expected in enumerate([*rounds, []]):
            observed = trained(rounds[:number], PEAK)
            assert self.make_proposer(spec_with(), 0).propose(observed) == expected

    def test_it_keeps_no_memory_between_proposals(self) -> None:
        """Earlier proposals do not matter."""
        rounds = self.search()
        proposer = self.make_proposer(spec_with(), 0)
        for _ in range(2):
            for number, expected in reversed(list(enumerate(rounds))):
                assert proposer.propose(trained(rounds[:number], PEAK)) == expected

    def test_it_leaves_what_was_observed_alone(self) -> None:
        """The candidates belong to the caller."""
        observed = trained(self.search()[:1], PEAK)
        before = list(observed)
        self.make_proposer(spec_with(), 0).propose(observed)
        assert observed == before


class SamplerConformance(ProposerConformance):
    """More tests for proposers that propose a fixed number of candidates within a range, in rounds of a fixed size."""

    @pytest.mark.parametrize(("count", "batch"), [(6, 4), (5, 1), (4, 2), (3, 8)])
    def test_it_spends_its_budget_in_rounds(self, count: int, batch: int) -> None:
        """Full rounds, then one with the rest."""
        sizes = [len(proposed) for proposed in self.search(spec_with(batch, count=count))]
        full, rest = divmod(count, batch)
        assert sizes == [batch] * full + [rest] * (rest > 0)

    @pytest.mark.parametrize("scale", ["log", "linear"])
    def test_it_proposes_distinct_values_in_range(self, scale: str) -> None:
        """With four significant digits."""
        spec = spec_with(low=0.05, high=0.4, scale=scale)
        values = [value for proposed in self.search(spec) for value in proposed]
        assert len(set(values)) == len(values) == 9
        assert all(0.05 <= value <= 0.4 for value in values)
        assert all(float(f"{value:.4g}") == value for value in values)

    def test_it_stays_in_a_range_finer_than_its_rounding(self) -> None:
        """It may propose fewer values there."""
        values = [value for new in self.search(spec_with(low=0.100004, high=0.100096, count=3)) for value in new]
        assert values
        assert all(0.100004 <= value <= 0.100096 for value in values)

    def test_it_proposes_other_values_at_another_level(self) -> None:
        """Otherwise every level would have the same blind spots."""
        first, second = (self.make_proposer(spec_with(), level).propose([]) for level in (0, 1))
        assert first != second

    @pytest.mark.parametrize("accuracy", [0.0, 0.9], ids=["all diverged", "all the same"])
    def test_it_spends_its_budget_on_a_flat_surface_too(self, accuracy: float) -> None:
        """The proposer cannot know that there is nothing to find."""
        assert sum(map(len, self.search(surface=lambda _: accuracy))) == 9
