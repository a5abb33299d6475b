from __future__ import annotations

import pytest
import torch
from torch import nn

from scyc.dropnet import HiddenLayer, Units, hidden_layers
from scyc.errors import InputError
from scyc.models import mlp, resnet20
from tests.scyc.dropnet.networks import NETWORKS, build, examples


def test_units_of_a_perceptron() -> None:
    assert hidden_layers(mlp(40, (300, 100))) == (
        HiddenLayer("0", "nodes", 300, ("0.weight", "0.bias"), activation=1, successor=2),
        HiddenLayer("2", "nodes", 100, ("2.weight", "2.bias"), activation=3, successor=4),
    )


def test_units_of_a_convolutional_network_with_batch_norm_and_a_sequence_inside() -> None:
    assert hidden_layers(build("batch norm")) == (
        HiddenLayer("0", "filters", 5, ("0.weight", "1.weight", "1.bias"), activation=2, successor=4),
        HiddenLayer(
            "4.0", "filters", 4, ("4.0.weight", "4.0.bias", "4.2.weight", "4.2.bias"), activation=5, successor=9
        ),
        HiddenLayer("6", "nodes", 6, ("6.weight", "6.bias"), activation=10, successor=12),
    )


def test_a_layer_without_an_activation_and_the_output_layer_have_no_units() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2), nn.ReLU())
    assert [layer.name for layer in hidden_layers(model)] == ["1"]


def test_an_activation_that_stands_there_twice() -> None:
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(3, 4), relu, nn.Linear(4, 5), relu, nn.Linear(5, 2))
    assert [layer.activation for layer in hidden_layers(model)] == [1, 3]


SHARED = nn.Linear(4, 4)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (resnet20(), "CifarResNet joins its layers"),
        (nn.Sequential(nn.Linear(3, 2)), "no linear or convolutional layer"),
        (nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2)), "Sigmoid"),
        (nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.ReLU(), nn.Linear(4, 2)), "LayerNorm"),
        (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, affine=False), nn.ReLU(), nn.Linear(4, 2)), "BatchNorm"),
        (nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.MaxPool1d(2), nn.Linear(2, 2)), "MaxPool"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.ReLU(), nn.Linear(8, 2)), "ReLU"),
        (nn.Sequential(SHARED, nn.ReLU(), SHARED, nn.ReLU(), nn.Linear(4, 2)), "'0' and '2' share"),
    ],
)
def test_what_cannot_be_dropped_from_is_refused_in_a_sentence(model: nn.Module, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        hidden_layers(model)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_dropped_unit_contributes_nothing_whatever_its_successor_would_make_of_it(name: str) -> None:
    model, split = build(name), examples(name)
    layers = hidden_layers(model)
    steps = [module for module in model.modules() if not isinstance(module, nn.Sequential)]
    units = Units.all_of(layers)
    for layer in layers:
        units = units.without(layer.name, [0, layer.width - 1])
    units.masks(model, layers).bind(model).apply()
    activations = {}
    for layer in layers:
        steps[layer.activation].register_forward_hook(
            lambda module, inputs, outputs, key=layer.name: activations.update({key: outputs.clone()})
        )
    with torch.no_grad():
        outputs = model(split.inputs)
        for layer in layers:  # what the next layer would do with them does not matter
            weight = steps[layer.successor].get_parameter("weight")
            if weight.shape[1] % layer.width == 0:
                weight.view(len(weight), layer.width, -1)[:, [0, layer.width - 1]] = 1e6
        assert torch.equal(model(split.inputs), outputs)
    for layer in layers:
        assert not activations[layer.name][:, [0, layer.width - 1]].any()
        assert activations[layer.name].any()


def test_counts_of_units() -> None:
    units = Units.all_of(hidden_layers(mlp(3, (4, 6)))).without("0", [1, 3]).without("2", [0])
    assert (units.total, units.alive, units.fraction, units.counts) == (10, 7, 0.7, {"0": 2, "2": 5})
    assert units.kept["0"].tolist() == [True, False, True, False]
