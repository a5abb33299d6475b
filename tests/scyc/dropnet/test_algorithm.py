from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from scyc.dropnet import (
    Criterion,
    Cycle,
    DropNet,
    EarlyStopping,
    Units,
    cheapest,
    dropnet,
    hidden_layers,
    train_until_stale,
)
from scyc.errors import InputError
from scyc.models import mlp, resnet20
from tests.scyc.conftest import CLASSES, FEATURES
from tests.scyc.dropnet.networks import plain_losses

if TYPE_CHECKING:
    from scyc.data import Dataset

SHORT = EarlyStopping(epochs=2, patience=1)


def build() -> nn.Module:
    return mlp(FEATURES, (10, 6), CLASSES)


def run(data: Dataset, **settings: Any) -> list[Cycle]:
    return list(dropnet(build, data, DropNet(**{"training": SHORT, **settings}), seed=3))


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_dropped_units_stay_dropped_through_training(blobs: Dataset, momentum: float) -> None:
    model = build()
    layers = hidden_layers(model)
    units = Units.all_of(layers).without("0", [0, 4]).without("2", [5])
    training = EarlyStopping(epochs=3, momentum=momentum, weight_decay=1e-3, lr=0.05)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train_until_stale(model, units.masks(model, layers), blobs, training, seed=0, cycle=0)
    for name in ("0.weight", "0.bias"):
        assert not model.get_parameter(name)[[0, 4]].any()
        assert (model.get_parameter(name) != before[name])[[1, 2]].any()
    assert not model.get_parameter("2.weight")[5].any()


def test_early_stopping_waits_for_its_patience(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([1.0, 0.9, 0.9, 0.95, 0.5, 0.6, 0.7, 0.8, 0.1])
    monkeypatch.setattr("scyc.dropnet.training.evaluate", lambda *_: (next(losses), 0.5))
    model = build()
    masks = Units.all_of(hidden_layers(model)).masks(model, hidden_layers(model))
    epochs = train_until_stale(model, masks, blobs, EarlyStopping(patience=3), seed=0, cycle=0)
    assert [epoch.val_loss for epoch in epochs] == [1.0, 0.9, 0.9, 0.95, 0.5, 0.6, 0.7, 0.8]


def test_every_cycle_starts_from_the_same_weights(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[dict[str, torch.Tensor]] = []

    def spy(model: nn.Module, *arguments: Any, **options: Any) -> Any:
        starts.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return train_until_stale(model, *arguments, **options)

    monkeypatch.setattr("scyc.dropnet.algorithm.train_until_stale", spy)
    run(blobs, cycles=3, kappa=0)
    assert all(torch.equal(starts[0][name], start[name]) for start in starts for name in start)
    del starts[:]
    run(blobs, cycles=3, kappa=0, reinit=True)
    assert len({start["0.weight"].sum().item() for start in starts}) == 3


@pytest.mark.parametrize(
    ("accuracies", "kappa", "trained", "end"),
    [
        ([0.9, 0.8, 0.45, 0.9], 0.5, 3, "accuracy"),  # 0.45 is 0.5 times 0.9
        ([0.9, 0.8, 0.46, 0.44], 0.5, 4, "accuracy"),
        ([0.9] * 99, 0.5, 12, "nothing left"),
        ([0.9, 0.1, 0.1, 0.1, 0.1], 0.0, 5, "cycles"),
    ],
)
def test_where_it_ends(
    blobs: Dataset, accuracies: list[float], kappa: float, trained: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter(accuracies)
    monkeypatch.setattr("scyc.dropnet.training.evaluate", lambda *_: (1.0, next(found)))
    cycles = run(blobs, kappa=kappa, cycles=5 if end == "cycles" else None, training=EarlyStopping(epochs=1))
    assert [cycle.end for cycle in cycles] == [None] * (trained - 1) + [end]
    assert [cycle.units.alive for cycle in cycles[:6]] == [16, 13, 11, 9, 8, 7][: len(cycles)]
    if end == "nothing left":
        assert cycles[-1].units.alive == 1


def test_a_training_that_diverges_is_the_last(blobs: Dataset) -> None:
    cycles = run(blobs, training=EarlyStopping(epochs=2, lr=1e30))
    assert [cycle.end for cycle in cycles] == ["diverged"]
    assert cycles[0].epochs[-1].train_loss is None


@pytest.mark.parametrize("criterion", ["minimum", "random_layer", "oracle"])
def test_the_same_to_the_bit_and_another_with_another_seed(blobs: Dataset, criterion: Criterion) -> None:
    first, second = (run(blobs, criterion=criterion, cycles=3) for _ in range(2))
    assert [(cycle.epochs, cycle.test_loss) for cycle in first] == [(cycle.epochs, cycle.test_loss) for cycle in second]
    for one, other in zip(first, second, strict=True):
        assert all(torch.equal(one.state[name], other.state[name]) for name in one.state)
    elsewhere = next(iter(dropnet(build, blobs, DropNet(training=SHORT), seed=4)))
    assert elsewhere.epochs != first[0].epochs


def test_the_oracle_drops_the_unit_that_the_trained_network_misses_least(blobs: Dataset) -> None:
    first, second = run(blobs, criterion="oracle", cycles=2)
    model = build()
    model.load_state_dict(first.state)
    layers = hidden_layers(model)
    layer, unit = cheapest(plain_losses(model, layers, first.units, blobs.train))
    assert second.units.alive == 15
    assert not second.units.kept[layer][unit]


def test_so_many_units_at_a_time(blobs: Dataset) -> None:
    cycles = run(blobs, criterion="minimum", at_a_time=1, cycles=4, kappa=0)
    assert [cycle.units.alive for cycle in cycles] == [16, 15, 14, 13]


def test_it_refuses_before_it_trains(blobs: Dataset) -> None:
    with pytest.raises(InputError, match="residual"):
        dropnet(resnet20, blobs)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"criterion": "apoz"}, "minimum_layer"),
        ({"rate": 1.0}, "rate"),
        ({"kappa": 1.0}, "kappa"),
        ({"cycles": 0}, "cycles"),
        ({"at_a_time": 0}, "at_a_time"),
        ({"at_a_time": 2, "criterion": "minimum_layer"}, "choose 'minimum'"),
        ({"at_a_time": 2, "criterion": "oracle"}, "one unit at a time"),
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        DropNet(**wrong)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"patience": 0}, {"batch_size": 0}, {"lr": 0.0}, {"momentum": 1.0}])
def test_trainings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        EarlyStopping(**wrong)
