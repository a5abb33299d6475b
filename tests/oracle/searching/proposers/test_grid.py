"""The grid on its own; `tests/oracle/searching/test_machine.py` runs whole studies with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.searching.candidates import Candidate
from oracle.searching.proposers.grid import GridProposer
from oracle.testing.proposers import ProposerConformance

if TYPE_CHECKING:
    from oracle.searching.proposers import Proposer
    from oracle.spec.model import Spec


class TestConformance(ProposerConformance):
    def make_proposer(self, spec: Spec, level: int) -> Proposer:
        return GridProposer.from_spec(spec, level)


def observed(accuracies: dict[float, float]) -> list[Candidate]:
    return [Candidate(max_lr, 0, accuracy, diverged=False) for max_lr, accuracy in accuracies.items()]


def test_the_whole_grid_comes_first() -> None:
    assert GridProposer([0.1, 0.2, 0.4], "log", 4).propose([]) == [0.1, 0.2, 0.4]


def test_a_grid_that_is_begun_is_completed() -> None:
    assert GridProposer([0.1, 0.2, 0.4], "log", 4).propose(observed({0.2: 0.9})) == [0.1, 0.4]


def test_an_inner_winner_ends_the_search() -> None:
    assert GridProposer([0.1, 0.2, 0.4], "log", 4).propose(observed({0.1: 0.5, 0.2: 0.9, 0.4: 0.5})) == []


@pytest.mark.parametrize(
    ("scale", "upper", "lower"), [("log", [0.8], [0.05]), ("linear", [0.6], [])], ids=["log", "linear"]
)
def test_an_outer_winner_adds_one_candidate_beyond_it(scale: str, upper: list[float], lower: list[float]) -> None:
    proposer = GridProposer([0.1, 0.2, 0.4], "log" if scale == "log" else "linear", 4)
    assert proposer.propose(observed({0.1: 0.1, 0.2: 0.2, 0.4: 0.9})) == upper
    assert proposer.propose(observed({0.1: 0.9, 0.2: 0.2, 0.4: 0.1})) == lower


def test_one_candidate_has_no_spacing_to_widen_by() -> None:
    assert GridProposer([0.1], "log", 4).propose(observed({0.1: 0.9})) == []


def test_new_candidates_have_four_significant_digits() -> None:
    assert GridProposer([0.1, 0.3], "log", 4).propose(observed({0.1: 0.9, 0.3: 0.1})) == [0.03333]


def test_proposing_changes_nothing() -> None:
    proposer = GridProposer([0.1, 0.2], "log", 1)
    seen = observed({0.1: 0.1, 0.2: 0.9})
    assert proposer.propose(seen) == proposer.propose(seen) == [0.4]
    assert proposer.propose([]) == [0.1, 0.2]
