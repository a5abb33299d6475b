from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scyc.pruning import CRITERIA, Masks, PruningContext
from scyc.pruning.criteria.lamp import lamp


def by_the_formula(weights: list[int], left: list[bool]) -> list[float]:
    """score(u) = w_u^2 / sum of w_v^2 over all v that do not come before u, in exact arithmetic."""
    alive = [index for index, is_left in enumerate(left) if is_left]
    order = sorted(alive, key=lambda index: abs(weights[index]))
    scores = [0.0] * len(weights)
    for rank, u in enumerate(order):
        if weights[u]:
            scores[u] = float(Fraction(weights[u] ** 2, sum(weights[v] ** 2 for v in order[rank:])))
    return scores


def test_a_small_layer() -> None:
    weights = {"weight": torch.tensor([[3.0, -1.0], [2.0, 0.0]])}
    scores = lamp(weights, Masks({"weight": torch.ones(2, 2, dtype=torch.bool)}))
    assert scores["weight"].tolist() == [[1, 1 / 14], [4 / 13, 0]]


def test_of_equal_weights_the_earlier_has_the_smaller_score() -> None:
    weights = {"weight": torch.tensor([2.0, -2.0, 2.0])}
    scores = lamp(weights, Masks({"weight": torch.ones(3, dtype=torch.bool)}))
    assert scores["weight"].tolist() == [1 / 3, 1 / 2, 1]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(-6, 6), st.booleans()), min_size=1, max_size=30))
def test_scores_are_the_papers(layer: list[tuple[int, bool]]) -> None:
    weights, left = [list(column) for column in zip(*layer, strict=True)]
    tensors = {"weight": torch.tensor(weights, dtype=torch.float32)}
    scores = lamp(tensors, Masks({"weight": torch.tensor(left)}))
    assert scores["weight"].tolist() == pytest.approx(by_the_formula(weights, [bool(x) for x in left]), rel=1e-12)


def test_weights_already_pruned_do_not_count() -> None:
    mask = torch.tensor([True, False, True])
    one, other = (lamp({"weight": torch.tensor([1.0, x, 2.0])}, Masks({"weight": mask})) for x in (0.0, 9.0))
    assert one["weight"].tolist() == other["weight"].tolist() == [1 / 5, 0, 1]


def test_a_layer_of_zeros_goes_first_and_a_layer_with_nothing_left_is_no_trouble() -> None:
    weights = {"0.weight": torch.zeros(3), "1.weight": torch.ones(4), "2.weight": torch.ones(2)}
    masks = Masks({name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()})
    masks.kept["2.weight"][:] = False
    assert lamp(weights, masks)["0.weight"].tolist() == [0, 0, 0]
    context = PruningContext(weights, masks, rate=0.5, level=1, seed=0)
    assert [mask.tolist() for mask in CRITERIA["lamp"].prune(context).kept.values()] == [
        [False] * 3,
        [True] * 4,
        [False] * 2,
    ]


def test_layers_of_different_scales_are_comparable() -> None:
    weights = {"0.weight": torch.tensor([1.0, 2, 3, 4]), "1.weight": torch.tensor([100.0, 200, 300, 400])}
    masks = Masks({name: torch.ones(4, dtype=torch.bool) for name in weights})
    context = PruningContext(weights, masks, rate=0.5, level=1, seed=0)
    kept = CRITERIA["lamp"].prune(context).kept
    assert [mask.tolist() for mask in kept.values()] == [[False, False, True, True]] * 2


def test_tiny_weights_of_a_large_layer_still_have_distinct_scores() -> None:
    # Partial sums taken from the total in single precision would be zero or negative here.
    weights = {"weight": torch.logspace(-18, 1, 500)}
    scores = lamp(weights, Masks({"weight": torch.ones(500, dtype=torch.bool)}))["weight"]
    assert (scores > 0).all()
    assert (scores.diff() > 0).all()
    assert scores[-1] == 1
