from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scyc.data import Split
from scyc.dropnet import Units, cheapest, hidden_layers, losses_without
from scyc.errors import InputError
from tests.scyc.dropnet.networks import NETWORKS, build, examples, plain_losses

pytestmark = pytest.mark.slow


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(list(NETWORKS)), seed=st.integers(0, 1000), gone=st.integers(0, 3))
def test_losses_and_choice_are_those_of_one_forward_pass_per_unit(name: str, seed: int, gone: int) -> None:
    model, split = build(name, seed), examples(name, seed=seed)
    layers = hidden_layers(model)
    units = Units.all_of(layers)
    for layer in layers:
        units = units.without(layer.name, range(min(gone, layer.width - 1)))
    units.masks(model, layers).bind(model).apply()
    expected = plain_losses(model, layers, units, split)
    for memory in (1, 10_000, 2**25):
        losses = losses_without(model, layers, units, split, memory=memory)
        assert list(losses) == list(expected)
        for layer_name, values in losses.items():
            torch.testing.assert_close(values, expected[layer_name], rtol=1e-10, atol=1e-12)
        assert cheapest(losses) == cheapest(expected)


@pytest.mark.parametrize("memory", [5000, 2**25])
@pytest.mark.parametrize("name", NETWORKS)
def test_single_precision(name: str, memory: int) -> None:
    model, split = build(name).float(), examples(name)
    layers = hidden_layers(model)
    single = Split(split.inputs.float(), split.targets)
    losses = losses_without(model, layers, Units.all_of(layers), single, memory=memory)
    expected = plain_losses(model.double(), layers, Units.all_of(layers), split)
    for layer_name, values in losses.items():
        torch.testing.assert_close(values, expected[layer_name], rtol=1e-5, atol=1e-6)


def test_units_that_are_silent_tie_and_the_first_goes() -> None:
    model, split = build("mlp"), examples("mlp")
    layers = hidden_layers(model)
    with torch.no_grad():
        for unit in (3, 7):
            model.get_parameter("0.bias")[unit] = -1e6
    losses = losses_without(model, layers, Units.all_of(layers), split)["0"]
    whole = torch.nn.functional.cross_entropy(model(split.inputs), split.targets).item()
    assert losses[3] == losses[7] == pytest.approx(whole, rel=1e-12)


def test_ties_within_rounding_go_to_the_first_unit() -> None:
    losses = {"0": torch.tensor([2.0, 1.0 + 1e-9]), "2": torch.tensor([torch.inf, 1.0])}
    assert cheapest({name: values.double() for name, values in losses.items()}) == ("0", 1)
    assert cheapest({"0": torch.tensor([2.0, 1.5]), "2": torch.tensor([1.4])}) == ("2", 0)


@pytest.mark.parametrize("loss", [torch.nan, torch.inf])
def test_no_finite_loss_is_refused(loss: float) -> None:
    with pytest.raises(InputError, match="finite"):
        cheapest({"0": torch.tensor([loss, loss])})
