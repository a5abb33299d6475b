"""How much of a network is pruned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc.models import mlp, resnet20
from scyc.pruning import Coverage, matching_parameters, prunable_weights

if TYPE_CHECKING:
    from collections.abc import Callable


class Mixed(nn.Module):
    """Layers, and a parameter of the network's own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(7, 2))
        self.words, self.encoder = nn.Embedding(10, 4), nn.TransformerEncoderLayer(4, 2, 8)
        self.out = nn.Linear(4, 10)


@pytest.mark.parametrize(
    ("model", "prunable", "left_out"),
    [
        (mlp(), 43_000, {"biases": 410}),
        (nn.Sequential(nn.LSTM(4, 32), nn.Linear(32, 3)), 4_704, {"biases": 259}),
        (nn.Sequential(nn.Linear(3, 4, bias=False)), 12, {}),
        (resnet20(), 268_336, {"normalisations": 1_376, "biases": 10}),
        (
            Mixed(),
            4 * 12 + 4 * 4 + 4 * 8 + 8 * 4 + 40,
            {"biases": 12 + 4 + 8 + 4 + 10, "words, Embedding": 40, "normalisations": 16, "scale": 14},
        ),
        (nn.Sequential(nn.PReLU(5), nn.Conv2d(1, 2, 3)), 18, {"0, PReLU": 5, "biases": 2}),
    ],
    ids=["mlp", "lstm", "everything", "resnet", "mixed", "prelu"],
)
def test_what_is_pruned_and_what_is_not(model: nn.Module, prunable: int, left_out: dict[str, int]) -> None:
    found = Coverage.of(model, prunable_weights(model))
    assert (found.prunable, dict(found.left_out)) == (prunable, left_out)
    assert list(found.left_out.values()) == sorted(left_out.values(), reverse=True)
    assert found.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert found.notable == any("," in what or what == "scale" for what in left_out)
    assert found.whole == (not left_out)
    assert Coverage.read(json.loads(json.dumps(found.to_dict()))) == found


def test_a_shared_parameter_counts_once() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    model[1].weight = model[0].weight
    assert Coverage.of(model, prunable_weights(model)) == Coverage(15, 15, {})


def test_the_density_of_the_network_is_that_of_all_its_parameters() -> None:
    model = Mixed()
    names = matching_parameters(model, ["words.*", "out.*"], "pruning.parameters")
    found = Coverage.of(model, names)
    left = found.parameters - found.prunable / 2
    assert found.network_density(0.5) == pytest.approx(left / found.parameters)
    assert found.network_density(1.0) == 1.0
    assert Coverage(12, 12, {}).network_density(0.3) == pytest.approx(0.3)


def test_a_sentence_says_it() -> None:
    assert Coverage.of(mlp(), prunable_weights(mlp())).sentence == (
        "43,000 of the network's 43,410 parameters are pruned; never pruned: biases (410)."
    )
    assert Coverage(12, 12, {}).sentence == "All 12 parameters of the network are pruned."
    many = Coverage(100, 10, {f"layer{i}, Embedding": 10 for i in range(9)})
    assert many.sentence.endswith("layer5, Embedding (10) and 3 others (30).")


@pytest.mark.parametrize(
    "break_it",
    [
        lambda _: None,
        lambda values: values | {"prunable": 0},
        lambda values: values | {"prunable": values["parameters"] + 1},
        lambda values: values | {"parameters": "many"},
        lambda values: values | {"left_out": {"biases": "some"}},
        lambda values: {"parameters": values["parameters"]},
        lambda _: [1, 2],
    ],
)
def test_what_is_no_coverage_is_none(break_it: Callable[[dict[str, object]], object]) -> None:
    assert Coverage.read(break_it(Coverage(43_410, 43_000, {"biases": 410}).to_dict())) is None
