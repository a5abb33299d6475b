from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from scyc.errors import InputError
from scyc.models import lenet5, mlp, resnet20, vit_small
from scyc.pruning import Masks, matching_parameters, prunable_weights

if TYPE_CHECKING:
    from collections.abc import Callable


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
    ("layer", "names"),
    [
        (nn.ConvTranspose1d(2, 3, 2), ["weight"]),
        (nn.ConvTranspose2d(2, 3, 2), ["weight"]),
        (nn.ConvTranspose3d(2, 3, 2), ["weight"]),
        (nn.Bilinear(2, 3, 4), ["weight"]),
        (nn.LSTM(2, 4), ["weight_ih_l0", "weight_hh_l0"]),
        (
            nn.GRU(2, 3, num_layers=2, bidirectional=True),
            [f"weight_{kind}_l{layer}{way}" for layer in (0, 1) for way in ("", "_reverse") for kind in ("ih", "hh")],
        ),
        (nn.LSTM(2, 4, proj_size=3), ["weight_ih_l0", "weight_hh_l0", "weight_hr_l0"]),
        (nn.RNN(2, 3, bias=False), ["weight_ih_l0", "weight_hh_l0"]),
        (nn.LSTMCell(2, 3), ["weight_ih", "weight_hh"]),
        (nn.GRUCell(2, 3), ["weight_ih", "weight_hh"]),
        (nn.RNNCell(2, 3), ["weight_ih", "weight_hh"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_layer_that_multiplies_its_inputs_by_a_matrix_is_pruned(layer: nn.Module, names: list[str]) -> None:
    assert prunable_weights(layer) == names
    inside = nn.ModuleDict({"embedding": nn.Embedding(3, 2), "one": layer})
    assert prunable_weights(inside) == [f"one.{name}" for name in names]
    assert all(layer.get_parameter(name).dim() > 1 for name in names)
    left_out = {name for name, _ in layer.named_parameters()} - set(names)
    assert all("bias" in name for name in left_out)


class Own(nn.Module):
    """A network with matrices outside layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Parameter(torch.ones(4, 3)), nn.Linear(3, 2)
        self.table = nn.Embedding(2, 3)
        self.third = nn.Linear(3, 2)
        self.third.weight = self.table.weight
        self.count = nn.Parameter(torch.zeros(2, dtype=torch.int64), requires_grad=False)


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["first", "second.weight"], ["first", "second.weight"]),
        (["third.weight"], ["table.weight"]),
        (["*.weight", "first"], ["first", "second.weight", "table.weight"]),
        (["second.*"], ["second.weight", "second.bias"]),
        (["t[ah]*.bias"], ["third.bias"]),
    ],
)
def test_parameters_are_named_by_patterns(patterns: list[str], names: list[str]) -> None:
    assert matching_parameters(Own(), patterns, "pruning.parameters") == names


@pytest.mark.parametrize(
    ("patterns", "fault"),
    [
        (["first", "Second.weight"], r"pruning.parameters has 'Second.weight', which matches no parameter of Own. Its"),
        (["second"], r"'second', which matches no .+ Its parameters are first, .+table\.weight"),
        (["*"], r"names count, which cannot be pruned because it is int64; leave it out"),
        ([], r"names no parameter to prune"),
    ],
)
def test_patterns_that_do_not_fit_are_refused(patterns: list[str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        matching_parameters(Own(), patterns, "pruning.parameters")


def _once_spectral() -> nn.Module:
    return parametrizations.spectral_norm(nn.Linear(4, 4))


def _pruned() -> nn.Module:
    layer = nn.Conv2d(1, 2, 3)
    prune.identity(layer, "weight")  # type: ignore[no-untyped-call]
    return layer


def _assigned() -> nn.Module:
    layer = nn.Linear(2, 2)
    del layer.weight
    layer.weight = torch.ones(2, 2)
    return layer


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (
            lambda: parametrizations.weight_norm(nn.Linear(4, 4)),
            r"weight of the layer 1\.0 \(Linear\).+"
            r"remove_parametrizations\(layer, 'weight'\).+here parametrizations\.weight\.original0",
        ),
        (_once_spectral, r"layer 1\.0 .+ torch\.nn\.utils\.parametrize computes it"),
        (lambda: parametrizations.weight_norm(nn.LSTM(2, 4), "weight_hh_l0"), r"The weight_hh_l0 of the layer 1\.0"),
        (lambda: parametrizations.orthogonal(nn.MultiheadAttention(4, 2), "in_proj_weight"), r"The in_proj_weight of"),
        (_pruned, r"layer 1\.0 \(Conv2d\).+ torch\.nn\.utils\.prune\.remove\(layer, 'weight'\).+here weight_orig"),
        (_assigned, r"layer 1\.0 \(Linear\) is not a parameter"),
        (lambda: nn.LazyLinear(3), r"layer 1\.0 \(LazyLinear\) has no weights yet"),
    ],
    ids=["weight norm", "spectral norm", "recurrent", "attention", "pruned", "assigned", "lazy"],
)
def test_weights_that_are_no_parameters_are_refused_by_the_layers_name(
    make: Callable[[], nn.Module], fault: str
) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(make()))
    with pytest.raises(InputError, match=fault):
        prunable_weights(model)


def test_what_a_parametrization_is_made_of_can_be_named() -> None:
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 4)), nn.Linear(4, 2))
    names = ["0.parametrizations.weight.original1", "1.weight"]
    assert matching_parameters(model, ["*original1", "1.weight"], "pruning.parameters") == names


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


def test_a_weight_shared_with_a_layer_that_is_not_pruned_is_pruned_under_the_models_name_for_it() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 3), nn.Linear(3, 5))
    model[2].weight = model[0].weight
    assert prunable_weights(model) == ["1.weight", "0.weight"]
    assert dict(model.named_parameters()).keys() >= set(prunable_weights(model))


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
        InputError, match=r"^Sequential has no linear, .+ nothing to prune; .+ are 0\.weight, 0\.bias\.$"
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
