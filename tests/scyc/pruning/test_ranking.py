from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scyc.errors import InputError
from scyc.models import mlp
from scyc.pruning import Masks, Scope, magnitude, prunable_weights, prune, prune_to_counts, weights_due, weights_left

if TYPE_CHECKING:
    from collections.abc import Sequence

Shapes = list[tuple[int, ...]]
SCOPES: list[Scope] = ["global", "layer"]
SHAPES: list[Shapes] = [[(7,)], [(3, 5), (2, 2), (1, 1)], [(4, 3, 3, 3), (10, 4)], [(1,), (100, 3), (17, 2)]]

some_shapes = st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple), min_size=1, max_size=4)
rates = st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9])


def dense(shapes: Sequence[tuple[int, ...]]) -> Masks:
    return Masks({f"{index}.weight": torch.ones(shape, dtype=torch.bool) for index, shape in enumerate(shapes)})


def random_scores(masks: Masks, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(mask.shape, generator=generator) for name, mask in masks.kept.items()}


def flat(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors.values()])


def same(one: Masks, other: Masks) -> bool:
    return one.kept.keys() == other.kept.keys() and all(
        torch.equal(mask, other.kept[name]) for name, mask in one.kept.items()
    )


# The MLP 40-300-100-10: 12,000 + 30,000 + 1,000 weights, a fifth pruned per level, worked out by hand.
MLP_LEFT = [43000, 34400, 27520, 22016, 17613, 14090, 11272, 9018, 7214, 5771, 4617, 3694, 2955]
MLP_LEFT_BY_LAYER = {
    "0.weight": [12000, 9600, 7680, 6144, 4915, 3932, 3146, 2517, 2013, 1611, 1288, 1031, 825],
    "2.weight": [30000, 24000, 19200, 15360, 12288, 9830, 7864, 6291, 5033, 4027, 3221, 2577, 2062],
    "4.weight": [1000, 800, 640, 512, 410, 328, 262, 210, 168, 134, 107, 86, 69],
}


def test_counts_of_the_default_mlp_are_exact() -> None:
    model = mlp()
    whole = by_layer = Masks.dense(model, prunable_weights(model))
    scores = magnitude(model.state_dict(), whole)
    counts = {name: [mask.numel()] for name, mask in by_layer.kept.items()}
    alive = [whole.alive]
    for level in range(1, 13):
        whole = prune(scores, whole, rate=0.2, level=level)
        by_layer = prune(scores, by_layer, rate=0.2, level=level, scope="layer")
        alive.append(whole.alive)
        for name, mask in by_layer.kept.items():
            counts[name].append(int(mask.sum()))
    assert alive == MLP_LEFT
    assert counts == MLP_LEFT_BY_LAYER


@given(st.integers(1, 10**7), st.integers(0, 60))
def test_weights_left_is_the_rounded_product(total: int, level: int) -> None:
    exact = total * Fraction(4, 5) ** level
    assert weights_left(total, 0.2, level) == max(1, round(exact))


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_global_count_is_exact_at_every_level(shapes: Shapes, rate: float) -> None:
    masks = dense(shapes)
    total = sum(map(prod, shapes))
    for level in range(1, 13):
        masks = prune(random_scores(masks, level), masks, rate=rate, level=level)
        assert masks.alive == max(1, round(total * (1 - rate) ** level))
        assert masks.total == total


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_count_of_each_layer_is_exact_at_every_level(shapes: Shapes, rate: float) -> None:
    masks = dense(shapes)
    for level in range(1, 13):
        masks = prune(random_scores(masks, level), masks, rate=rate, level=level, scope="layer")
        alive = [int(mask.sum()) for mask in masks.kept.values()]
        assert alive == [max(1, round(prod(shape) * (1 - rate) ** level)) for shape in shapes]


@settings(max_examples=50)
@given(some_shapes, rates, st.sampled_from(SCOPES), st.integers(0, 2**32))
def test_masks_of_any_shapes_are_nested_and_exact(shapes: Shapes, rate: float, scope: Scope, seed: int) -> None:
    levels = [dense(shapes)]
    for level in range(1, 7):
        # New scores at each level: a weight that was pruned at a low score may now have the highest.
        levels.append(prune(random_scores(levels[-1], seed + level), levels[-1], rate=rate, level=level, scope=scope))
    for level, (before, after) in enumerate(pairwise(levels), start=1):
        assert [mask.shape for mask in after.kept.values()] == shapes
        assert not any((mask & ~before.kept[name]).any() for name, mask in after.kept.items())
        if scope == "global":
            assert after.alive == weights_left(after.total, rate, level)
        else:
            counts = [int(mask.sum()) for mask in after.kept.values()]
            assert counts == [weights_left(prod(shape), rate, level) for shape in shapes]


@settings(max_examples=50)
@given(some_shapes, st.integers(0, 2**32), st.integers(1, 5))
def test_survivors_are_the_largest(shapes: Shapes, seed: int, distinct: int) -> None:
    masks = dense(shapes)
    # Few distinct values make for many ties.
    scores = {name: (score * distinct * 3).floor() for name, score in random_scores(masks, seed).items()}
    for level in (1, 2, 3):
        masks = prune(scores, masks, rate=0.3, level=level)

    oracle = np.zeros(masks.total, dtype=bool)
    oracle[np.argsort(flat(scores).numpy(), kind="stable")[masks.total - masks.alive :]] = True
    assert flat(masks.kept).numpy().tolist() == oracle.tolist()


def test_layers_are_ranked_together_or_each_for_itself() -> None:
    masks = dense([(4,), (4,)])
    scores = {"0.weight": torch.tensor([1.0, 2, 3, 4]), "1.weight": torch.tensor([50.0, 60, 70, 80])}
    together = prune(scores, masks, rate=0.5, level=1)
    assert [mask.tolist() for mask in together.kept.values()] == [[False] * 4, [True] * 4]
    each = prune(scores, masks, rate=0.5, level=1, scope="layer")
    assert [mask.tolist() for mask in each.kept.values()] == [[False, False, True, True]] * 2


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_of_equal_weights_the_first_go(value: float) -> None:
    masks = dense([(2, 3), (4,)])
    scores = {name: torch.full(mask.shape, value) for name, mask in masks.kept.items()}
    for level, gone in ((1, 2), (2, 4), (3, 5), (4, 6)):
        masks = prune(scores, masks, rate=0.2, level=level)
        assert flat(masks.kept).tolist() == [False] * gone + [True] * (10 - gone)


def test_of_equal_weights_the_first_in_memory_order_go_in_each_layer() -> None:
    masks = dense([(2, 3), (4,)])
    scores = {name: torch.zeros(mask.shape) for name, mask in masks.kept.items()}
    masks = prune(scores, masks, rate=0.5, level=1, scope="layer")
    assert masks.kept["0.weight"].tolist() == [[False] * 3, [True] * 3]
    assert masks.kept["1.weight"].tolist() == [False, False, True, True]


@pytest.mark.parametrize("scope", SCOPES)
def test_nan_scores_neither_crash_nor_change_the_count(scope: Scope) -> None:
    masks = dense([(10, 10), (20,)])
    scores = random_scores(masks)
    scores["0.weight"][::2] = torch.nan
    scores["1.weight"][5:15] = torch.nan
    first, second = (prune(scores, masks, rate=0.2, level=3, scope=scope) for _ in range(2))
    assert same(first, second)
    assert first.alive == (61 if scope == "global" else 51 + 10)


def test_scores_of_weights_already_gone_do_not_matter() -> None:
    masks = prune(random_scores(dense([(5, 5)])), dense([(5, 5)]), rate=0.2, level=1)
    scores = random_scores(masks, seed=1)
    loud = {name: torch.where(masks.kept[name], score, torch.inf) for name, score in scores.items()}
    assert same(prune(loud, masks, rate=0.2, level=2), prune(scores, masks, rate=0.2, level=2))


def test_the_masks_given_stay_as_they_are() -> None:
    masks = dense([(5, 5)])
    prune(random_scores(masks), masks, rate=0.2, level=1)
    assert masks.alive == 25


@pytest.mark.parametrize("scope", SCOPES)
def test_asking_for_more_weights_than_are_left_is_refused(scope: Scope) -> None:
    masks = dense([(100,)])
    scores = random_scores(masks)
    sparse = prune(scores, masks, rate=0.2, level=3, scope=scope)
    with pytest.raises(
        InputError, match=r"^Level 2 at rate 0\.2 keeps 64 weights, but only 51 are left to choose from; .+\.$"
    ):
        prune(scores, sparse, rate=0.2, level=2, scope=scope)


def test_each_layer_can_be_pruned_to_a_count_of_its_own() -> None:
    masks = dense([(4,), (2, 2), (3,)])
    scores = {
        "0.weight": torch.tensor([4.0, 3, 2, 1]),
        "1.weight": torch.tensor([[5.0, 5], [5, 5]]),
        "2.weight": torch.tensor([1.0, 2, 3]),
    }
    pruned = prune_to_counts(scores, masks, {"0.weight": 3, "1.weight": 1, "2.weight": 0})
    assert [mask.tolist() for mask in pruned.kept.values()] == [
        [True, True, True, False],
        [[False, False], [False, True]],
        [False] * 3,
    ]


def test_weights_due_are_counted_from_the_dense_network_and_never_more_than_are_left() -> None:
    masks = dense([(60,), (40,)])
    masks.kept["0.weight"][10:] = False
    assert weights_due(masks.kept, 0.2, 4) == 41
    with pytest.raises(InputError, match=r"keeps 64 weights, but only 50 are left"):
        weights_due(masks.kept, 0.2, 2)
