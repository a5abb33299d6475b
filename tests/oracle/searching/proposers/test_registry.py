"""Which proposer a spec asks for, and what it takes to add one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from oracle.searching.candidates import Candidate
from oracle.searching.level_search import make_search
from oracle.searching.proposers import make_proposer
from oracle.searching.proposers.grid import GridProposer
from oracle.searching.proposers.optuna import SAMPLERS, SamplerProposer
from oracle.spec.files import load_spec
from oracle.spec.search import MaxLrSpec
from oracle.spec.search_methods import SEARCH_METHODS, SearchMethod
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec


def test_the_spec_says_which_proposer() -> None:
    grid = make_proposer(load_spec(None, ["search.max_lr.values=[0.3, 0.1]", "search.widen=0"]), 0)
    assert isinstance(grid, GridProposer)
    assert grid.propose([]) == [0.1, 0.3]
    assert grid.propose([Candidate(0.1, 0, 0.1, diverged=False), Candidate(0.3, 0, 0.9, diverged=False)]) == []
    sampler = make_proposer(load_spec(None, ["search.method=random", "search.batch=2", "search.max_lr.count=3"]), 5)
    assert isinstance(sampler, SamplerProposer)
    assert (sampler.method, sampler.batch, sampler.level, len(sampler.propose([]))) == ("random", 2, 5, 2)


@pytest.mark.parametrize("method", SEARCH_METHODS)
def test_every_method_that_a_spec_can_give_wants_something(method: str) -> None:
    wanted = make_search(load_spec(None, [f"search.method={method}"]), 0).wanted([0, 1], [])
    assert wanted
    assert all(cell.state == "pending" for cell in wanted)


def test_an_unknown_method_is_never_taken_for_random_search(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"no sampler 'bayes'; choose one of tpe"):
        SamplerProposer("bayes", MaxLrSpec(), 4, 0)
    assert SEARCH_METHODS.keys() - {"grid", "racing"} == set(SAMPLERS)
    monkeypatch.setattr("oracle.searching.proposers.SEARCH_METHODS", {})
    with pytest.raises(KeyError, match="grid"):
        make_proposer(load_spec(), 0)


class Bisection:
    """Somebody's own proposer."""

    def __init__(self, spec: Spec, level: int) -> None:
        self.level = level

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        return []


def test_a_row_is_all_that_a_proposer_of_ones_own_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {**SEARCH_METHODS, "grid": SearchMethod("grid", f"{__name__}:Bisection")}
    monkeypatch.setattr("oracle.searching.proposers.SEARCH_METHODS", own)
    assert type(make_proposer(load_spec(), 3)).__name__ == "Bisection"


def test_the_names_are_known_without_importing_what_they_stand_for() -> None:
    script = """
import sys
import oracle.searching.machine, oracle.searching.proposers
print(*sorted({"optuna", "torch", "ray", "pydantic"} & set(sys.modules)), *oracle.searching.proposers.SEARCH_METHODS)
"""
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == list(SEARCH_METHODS)
