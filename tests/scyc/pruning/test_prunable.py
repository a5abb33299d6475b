from __future__ import annotations

import pytest
from torch import nn

from scyc.errors import InputError
from scyc.models import lenet5, mlp, resnet20, vit_small
from scyc.pruning import Masks, prunable_weights


def test_weights_of_linear_and_convolutional_layers_in_the_models_order() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.Sequential(nn.Conv1d(2, 2, 3), nn.LayerNorm(3)),
        nn.Conv3d(1, 1, 1),
        nn.Embedding(3, 4),
        nn.Linear(4, 2),
    )
    assert prunable_weights(model) == ["0.weight", "2.0.weight", "3.weight", "5.weight"]


@pytest.mark.parametrize(
    ("model", "layers", "weights"),
    [
        (mlp(), 3, 43_000),
        (lenet5(), 5, 61_470),
        (resnet20(), 20, 268_336),
    ],
)
def test_built_in_models_have_no_prunable_bias_or_normalisation(model: nn.Module, layers: int, weights: int) -> None:
    names = prunable_weights(model)
    assert len(names) == layers
    assert sum(model.get_parameter(name).numel() for name in names) == weights
    assert all(model.get_parameter(name).dim() > 1 for name in names)
    assert names == [name for name, _ in model.named_parameters() if name in names]


def test_the_model_may_be_a_single_layer() -> None:
    assert prunable_weights(nn.Linear(3, 2)) == ["weight"]


def test_a_subclass_of_a_layer_is_a_layer() -> None:
    class Scaled(nn.Linear):
        pass

    assert prunable_weights(nn.Sequential(Scaled(3, 2))) == ["0.weight"]


def test_a_layer_used_twice_counts_once() -> None:
    layer = nn.Linear(3, 3)
    assert prunable_weights(nn.Sequential(layer, nn.ReLU(), layer)) == ["0.weight"]


def test_a_weight_that_two_layers_share_counts_once() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    assert prunable_weights(model) == ["0.weight", "1.weight"]
    assert Masks.dense(model, prunable_weights(model)).total == 18


def test_a_weight_shared_with_a_layer_that_is_not_pruned_counts_under_the_pruned_layers_name() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5))
    model[1].weight = model[0].weight
    assert prunable_weights(model) == ["1.weight"]


def test_batch_norm_scales_are_pruned_if_asked_for() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.BatchNorm2d(2, affine=False),
        nn.GroupNorm(1, 2),
        nn.Sequential(nn.BatchNorm1d(3), nn.Linear(4, 2)),
    )
    assert prunable_weights(model, batch_norm=True) == ["0.weight", "1.weight", "4.0.weight", "4.1.weight"]
    assert prunable_weights(nn.BatchNorm1d(3), batch_norm=True) == ["weight"]


def test_with_batch_norm_everything_of_a_resnet_called_weight_is_pruned() -> None:
    model = resnet20()
    everything = [name for name, _ in model.named_parameters() if "weight" in name]
    assert sorted(prunable_weights(model, batch_norm=True)) == sorted(everything)
    assert len(everything) == 20 + 19


def test_a_model_without_such_layers_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"^Sequential has no linear or convolutional layer, .+ nothing to prune; .+\.$"
    ):
        prunable_weights(nn.Sequential(nn.BatchNorm1d(3), nn.ReLU()))


@pytest.mark.parametrize("kdim", [None, 6])
def test_the_projections_of_attention_are_linear_layers_too(kdim: int | None) -> None:
    attention = nn.MultiheadAttention(8, 2, kdim=kdim)
    projections = ["in_proj_weight"] if kdim is None else ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
    assert prunable_weights(attention) == [*projections, "out_proj.weight"]


def test_all_of_a_vision_transformer_but_biases_embeddings_and_norms_is_prunable() -> None:
    model = vit_small()
    prunable = sum(model.get_parameter(name).numel() for name in prunable_weights(model))
    assert prunable / sum(parameter.numel() for parameter in model.parameters()) > 0.97
