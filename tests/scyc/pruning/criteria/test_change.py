from __future__ import annotations

import torch

from scyc.pruning import CRITERIA, Masks, PruningContext, weight_change

BEFORE = {"weight": torch.tensor([1.0, -2.0, 0.5, 0.0]), "bias": torch.tensor([1.0])}
AFTER = {"weight": torch.tensor([1.5, -1.75, -0.5, 0.0]), "bias": torch.tensor([2.0])}
MASKS = Masks({"weight": torch.ones(4, dtype=torch.bool)})
CONTEXT = PruningContext(AFTER, MASKS, rate=0.5, level=1, seed=0, change=weight_change(BEFORE, AFTER, MASKS))


def test_change_is_the_difference_of_the_prunable_weights() -> None:
    before = {name: torch.nn.Parameter(tensor) for name, tensor in BEFORE.items()}
    change = weight_change(before, AFTER, MASKS)
    assert {name: tensor.tolist() for name, tensor in change.items()} == {"weight": [0.5, 0.25, -1, 0]}
    assert not change["weight"].requires_grad


def test_scores() -> None:
    assert CRITERIA["weight-change"].scores(CONTEXT)["weight"].tolist() == [0.5, 0.25, 1, 0]
    assert CRITERIA["weight-change-times-magnitude"].scores(CONTEXT)["weight"].tolist() == [0.75, 0.4375, 0.5, 0]


def test_the_two_prune_differently() -> None:
    context = PruningContext(AFTER, MASKS, rate=0.75, level=1, seed=0, change=CONTEXT.change)
    assert CRITERIA["weight-change"].prune(context).kept["weight"].tolist() == [False, False, True, False]
    times = CRITERIA["weight-change-times-magnitude"].prune(context, scope="layer")
    assert times.kept["weight"].tolist() == [True, False, False, False]
