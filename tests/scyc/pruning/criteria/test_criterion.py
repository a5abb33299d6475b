"""What holds for every criterion."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scyc.errors import InputError
from scyc.pruning import (
    CRITERIA,
    Criterion,
    Masks,
    PruningContext,
    Scope,
    find_criterion,
    mean_gradients,
    prunable_weights,
    weight_change,
    weights_left,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc.data import Dataset

Shapes = list[tuple[int, ...]]

COMBINATIONS = [
    (criterion, scope) for name, criterion in CRITERIA.items() if name != "none" for scope in criterion.scopes
]
IDS = [f"{criterion.name}-{scope}" for criterion, scope in COMBINATIONS]
EVERY = pytest.mark.parametrize(("criterion", "scope"), COMBINATIONS, ids=IDS)

some_shapes = st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple), min_size=1, max_size=4)


def context(
    shapes: Shapes, masks: Masks | None = None, *, level: int = 1, seed: int = 0, values: int = 0
) -> PruningContext:
    """A network of random weights, gradients and changes; `values` > 0 draws them from so few that many are equal."""
    generator = torch.Generator().manual_seed(100 * seed + level)

    def draw() -> dict[str, torch.Tensor]:
        tensors = [torch.randn(shape, generator=generator) for shape in shapes]
        return {str(i): (x * values).round() / values if values else x for i, x in enumerate(tensors)}

    gradients = draw()
    return PruningContext(
        weights=draw(),
        masks=masks or Masks({str(i): torch.ones(shape, dtype=torch.bool) for i, shape in enumerate(shapes)}),
        rate=0.2,
        level=level,
        seed=seed,
        gradients=lambda: gradients,
        change=draw(),
    )


def same(one: Masks, other: Masks) -> bool:
    return all(torch.equal(mask, other.kept[name]) for name, mask in one.kept.items())


def test_names() -> None:
    assert list(CRITERIA) == [
        "magnitude",
        "gradient",
        "snip",
        "weight-change",
        "weight-change-times-magnitude",
        "lamp",
        "random",
        "erk",
        "none",
    ]
    assert all(find_criterion(name) is CRITERIA[name] and CRITERIA[name].name == name for name in CRITERIA)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"^There is no pruning criterion 'magnitud' \(did you mean 'magnitude'\?\): .+, none\.$"
    ):
        find_criterion("magnitud")


@EVERY
@settings(max_examples=25)
@given(shapes=some_shapes, seed=st.integers(0, 1000), values=st.sampled_from([0, 1]))
def test_counts_are_exact_and_masks_nested_at_every_level(
    criterion: Criterion, scope: Scope, shapes: Shapes, seed: int, values: int
) -> None:
    now = context(shapes, seed=seed, values=values)
    for level in range(1, 7):
        # New weights, gradients and changes at each level: what was pruned at a low score may now have the highest.
        now = context(shapes, now.masks, level=level, seed=seed, values=values)
        pruned = criterion.prune(now, scope=scope)
        assert [mask.shape for mask in pruned.kept.values()] == shapes
        assert not any((mask & ~now.masks.kept[name]).any() for name, mask in pruned.kept.items())
        if scope == "global":
            assert pruned.alive == weights_left(sum(map(prod, shapes)), 0.2, level)
        else:
            counts = [int(mask.sum()) for mask in pruned.kept.values()]
            assert counts == [weights_left(prod(shape), 0.2, level) for shape in shapes]
        now = replace(now, masks=pruned)


@EVERY
def test_the_result_depends_on_the_context_alone(criterion: Criterion, scope: Scope) -> None:
    now = context([(6, 5), (4, 3, 2), (7,)], seed=3)
    before = torch.get_rng_state()
    first = criterion.prune(now, scope=scope)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    assert same(first, criterion.prune(now, scope=scope))
    assert now.masks.density == 1


@EVERY
def test_what_is_pruned_already_has_no_say(criterion: Criterion, scope: Scope) -> None:
    shapes: Shapes = [(6, 5), (4, 3, 2), (7,)]
    quiet = context(shapes, criterion.prune(context(shapes), scope=scope), level=2)

    def louder(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {name: torch.where(quiet.masks.kept[name], tensor, 1e6) for name, tensor in tensors.items()}

    assert quiet.gradients is not None
    assert quiet.change is not None
    gradients = louder(quiet.gradients())
    loud = replace(quiet, weights=louder(quiet.weights), change=louder(quiet.change), gradients=lambda: gradients)
    assert same(criterion.prune(loud, scope=scope), criterion.prune(quiet, scope=scope))


@EVERY
def test_nan_neither_crashes_nor_changes_the_count(criterion: Criterion, scope: Scope) -> None:
    now = context([(10, 10)])
    broken = {"0": torch.where(torch.arange(100).view(10, 10) % 3 == 0, torch.nan, now.weights["0"])}
    now = replace(now, weights=broken, change=broken, gradients=lambda: broken)
    assert criterion.prune(now, scope=scope).alive == 80


@pytest.mark.parametrize("name", ["lamp", "erk"])
def test_criteria_that_set_the_densities_of_layers_refuse_equal_ones(name: str) -> None:
    assert CRITERIA[name].scopes == ("global",)
    CRITERIA[name].check("global")
    message = rf"^The criterion '{name}' cannot have the scope 'layer': .+ choose the scope 'global', .+\.$"
    with pytest.raises(InputError, match=message):
        CRITERIA[name].check("layer")
    with pytest.raises(InputError, match=message):
        CRITERIA[name].prune(context([(3,)]), scope="layer")


@EVERY
def test_a_criterion_gets_by_with_what_it_says_it_needs(criterion: Criterion, scope: Scope) -> None:
    full = context([(6, 5), (4,)])
    bare = replace(full, gradients=None, change=None)
    if criterion.needs is None:
        assert same(criterion.prune(bare, scope=scope), criterion.prune(full, scope=scope))
        return
    with pytest.raises(InputError, match=rf"^The pruning criterion needs `{criterion.needs}`, .+ has none; .+\.$"):
        criterion.prune(bare, scope=scope)
    enough = replace(
        bare,
        gradients=full.gradients if criterion.needs == "gradients" else None,
        change=full.change if criterion.needs == "change" else None,
    )
    assert same(criterion.prune(enough, scope=scope), criterion.prune(full, scope=scope))


@EVERY
def test_more_weights_than_are_left_cannot_be_kept(criterion: Criterion, scope: Scope) -> None:
    shapes: Shapes = [(50,), (50,)]
    sparse = criterion.prune(context(shapes, level=3), scope=scope)
    with pytest.raises(InputError, match=r"^Level 1 at rate 0\.2 keeps \d+ weights, but only \d+ are left"):
        criterion.prune(context(shapes, sparse, level=1), scope=scope)


def test_none_prunes_nothing() -> None:
    dense = context([(6, 5), (4,)], level=3)
    assert same(CRITERIA["none"].prune(dense), dense.masks)


def test_gradients_are_measured_only_when_needed() -> None:
    now = replace(context([(6, 5)]), gradients=lambda: pytest.fail("not needed"))
    for criterion in CRITERIA.values():
        if criterion.needs != "gradients":
            criterion.prune(now)


def test_a_criterion_of_your_own() -> None:
    largest_first = Criterion("largest first", lambda now: {name: -now.weights[name].abs() for name in now.masks.kept})
    now = replace(context([(4,)]), weights={"0": torch.tensor([1.0, -4, 3, 2])}, rate=0.5)
    assert largest_first.prune(now).kept["0"].tolist() == [True, False, False, True]


@EVERY
def test_a_network_with_batch_norm_from_level_to_level(criterion: Criterion, scope: Scope, blobs: Dataset) -> None:
    model = nn.Sequential(nn.Linear(8, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 4))
    masks = Masks.dense(model, prunable_weights(model, batch_norm=True))
    total = masks.total
    assert total == 160 + 20 + 80
    for level in (1, 2, 3):
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer.zero_grad()
        F.cross_entropy(model(blobs.train.inputs), blobs.train.targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        masks.bind(model).apply()
        after = model.state_dict()
        now = PruningContext(
            after,
            masks,
            rate=0.5,
            level=level,
            seed=0,
            gradients=partial(mean_gradients, model, masks, blobs.train, seed=0, level=level),
            change=weight_change(before, after, masks),
        )
        masks = criterion.prune(now, scope=scope)
        masks.bind(model).apply()
        counts = [int(mask.sum()) for mask in masks.kept.values()]
        if scope == "global":
            assert sum(counts) == weights_left(total, 0.5, level)
        else:
            assert counts == [weights_left(size, 0.5, level) for size in (160, 20, 80)]
