from __future__ import annotations

import torch

from scyc.pruning import Masks, magnitude


def test_magnitude_is_the_absolute_value_of_the_prunable_weights() -> None:
    weights = {
        "weight": torch.nn.Parameter(torch.tensor([[-2.0, 0.5, 0.0]])),
        "bias": torch.nn.Parameter(torch.tensor([-9.0])),
    }
    scores = magnitude(weights, Masks({"weight": torch.ones(1, 3, dtype=torch.bool)}))
    assert {name: score.tolist() for name, score in scores.items()} == {"weight": [[2, 0.5, 0]]}
    assert not scores["weight"].requires_grad
