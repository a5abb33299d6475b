from __future__ import annotations

from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scyc.models import mlp, resnet20
from scyc.pruning import CRITERIA, Masks, PruningContext, prunable_weights, weights_left
from scyc.pruning.criteria.erdos_renyi import erk_counts

shapes_and_left = st.lists(
    st.lists(st.integers(1, 5), min_size=1, max_size=4).flatmap(
        lambda shape: st.tuples(st.just(tuple(shape)), st.integers(0, prod(shape)))
    ),
    min_size=1,
    max_size=5,
)


def kept(layers: list[tuple[tuple[int, ...], int]]) -> dict[str, torch.Tensor]:
    """Masks of these shapes with so many weights left."""
    return {str(index): (torch.arange(prod(shape)) < left).view(shape) for index, (shape, left) in enumerate(layers)}


def dense_densities(shapes: list[tuple[int, ...]], density: float) -> list[float]:
    """The rule as RigL's code has it: one scale for all, and one layer after the other made dense."""
    dense: set[int] = set()
    while True:
        others = [index for index in range(len(shapes)) if index not in dense]
        weights = density * sum(map(prod, shapes)) - sum(prod(shapes[index]) for index in dense)
        raw = {index: sum(shapes[index]) / prod(shapes[index]) for index in others}
        scale = weights / sum(raw[index] * prod(shapes[index]) for index in others)
        fullest = max(raw, key=lambda index: raw[index])
        if scale * raw[fullest] <= 1:
            return [1.0 if index in dense else scale * raw[index] for index in range(len(shapes))]
        dense.add(fullest)


def shares(layers: list[tuple[tuple[int, ...], int]], due: int) -> list[float]:
    """min(scale x sum of the shape, weights left) for the scale that makes `due` in all, found by bisection."""
    low, high = 0.0, float(sum(left for _, left in layers) + 1)
    for _ in range(200):
        scale = (low + high) / 2
        low, high = (low, scale) if sum(min(scale * sum(s), left) for s, left in layers) > due else (scale, high)
    return [min(low * sum(shape), left) for shape, left in layers]


def test_two_layers_by_hand() -> None:
    # 10 and 20 of 30 parts: 15 weights are 5 and 10.
    assert erk_counts(kept([((4, 6), 24), ((10, 10), 100)]), 15) == {"0": 5, "1": 10}


def test_what_a_layer_cannot_keep_the_others_share() -> None:
    # 40 weights would be 5, 15 and 20; the first has but 4, and 36 parts 3 : 4 are 15.43 and 20.57.
    assert erk_counts(kept([((1, 4), 4), ((5, 10), 50), ((10, 10), 100)]), 40) == {"0": 4, "1": 15, "2": 21}


def test_of_equal_remainders_the_earlier_layer_wins() -> None:
    assert erk_counts(kept([((3, 3), 9)] * 3), 10) == {"0": 4, "1": 3, "2": 3}


@pytest.mark.parametrize("model", [mlp(), resnet20()], ids=["mlp", "resnet-20"])
@pytest.mark.parametrize("density", [0.95, 0.8, 0.512, 0.2, 0.1, 0.01])
def test_densities_of_dense_networks_are_those_of_rigl(model: torch.nn.Module, density: float) -> None:
    masks = Masks.dense(model, prunable_weights(model))
    shapes = [tuple(mask.shape) for mask in masks.kept.values()]
    due = round(density * masks.total)
    counts = erk_counts(masks.kept, due)
    assert sum(counts.values()) == due
    ideal = dense_densities(shapes, due / masks.total)
    for count, shape, share in zip(counts.values(), shapes, ideal, strict=True):
        assert abs(count - share * prod(shape)) < 1 + 1e-6
    assert max(ideal) <= 1


@settings(max_examples=200)
@given(shapes_and_left, st.floats(0, 1))
def test_counts_are_exact_and_within_one_of_the_shares(
    layers: list[tuple[tuple[int, ...], int]], fraction: float
) -> None:
    due = round(fraction * sum(left for _, left in layers))
    counts = erk_counts(kept(layers), due)
    assert sum(counts.values()) == due
    for count, (_, left), share in zip(counts.values(), layers, shares(layers, due), strict=True):
        assert 0 <= count <= left
        assert abs(count - share) < 1 + 1e-6


def test_small_layers_stay_denser_at_every_level() -> None:
    model = mlp()
    masks = Masks.dense(model, prunable_weights(model))
    state = model.state_dict()
    for level in range(1, 13):
        masks = CRITERIA["erk"].prune(PruningContext(state, masks, rate=0.2, level=level, seed=0))
        assert masks.alive == weights_left(masks.total, 0.2, level)
        first, second, last = (mask.float().mean().item() for mask in masks.kept.values())
        assert last >= first > second  # shapes (300, 40), (100, 300), (10, 100)
    assert [int(mask.sum()) for mask in masks.kept.values()] == [1182, 1391, 382]  # 2955 parted 340 : 400 : 110
