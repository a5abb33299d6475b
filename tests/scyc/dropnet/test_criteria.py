from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scyc.data import Split
from scyc.dropnet import Criterion, Units, drop_lowest, dropped, hidden_layers, mean_activity, units_to_drop
from scyc.errors import InputError
from scyc.models import mlp
from tests.scyc.dropnet.networks import build, examples

NOTHING = torch.zeros(2, dtype=torch.int64)


def with_weights(layer: nn.Module, weight: list[list[float]], bias: list[float]) -> nn.Module:
    state = layer.state_dict()
    layer.load_state_dict({"weight": torch.tensor(weight).view_as(state["weight"]), "bias": torch.tensor(bias)})
    return layer


def test_scores_of_nodes_worked_by_hand() -> None:
    # Inputs (1, 2) and (-1, 1); pre-activations of the nodes: x, y - 4, x + y + 1.
    hidden = with_weights(nn.Linear(2, 3), [[1, 0], [0, 1], [1, 1]], [0, -4, 1])
    split = Split(torch.tensor([[1.0, 2.0], [-1.0, 1.0]]), NOTHING)
    for activation, expected in (
        (nn.ReLU(), [0.5, 0, 2.5]),  # (1 + 0) / 2, (0 + 0) / 2, (4 + 1) / 2
        (nn.LeakyReLU(0.5), [0.75, 1.25, 2.5]),  # (1 + |-0.5|) / 2, (|-1| + |-1.5|) / 2
    ):
        model = nn.Sequential(hidden, activation, nn.Linear(3, 2))
        assert mean_activity(model, hidden_layers(model), split)["0"].tolist() == expected


def test_scores_of_filters_are_means_over_their_nodes_too() -> None:
    # One example with one channel (1, -2, 3), another with (0, 4, -1); filters: x, and -2 x + 1.
    hidden = with_weights(nn.Conv1d(1, 2, 1), [[1], [-2]], [0, 1])
    model = nn.Sequential(hidden, nn.ReLU(), nn.MaxPool1d(3), nn.Flatten(), nn.Linear(2, 2))
    split = Split(torch.tensor([[[1.0, -2.0, 3.0]], [[0.0, 4.0, -1.0]]]), NOTHING)
    scores = mean_activity(model, hidden_layers(model), split)["0"]
    assert scores.tolist() == pytest.approx([(1 + 3 + 4) / 6, (5 + 1 + 3) / 6])


def test_a_linear_layer_over_several_vectors_per_example_is_refused() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    with pytest.raises(InputError, match="one vector per example"):
        mean_activity(model, hidden_layers(model), Split(torch.zeros(2, 5, 2), NOTHING))


@pytest.mark.parametrize(
    ("alive", "rate", "gone"),
    [(640, 0.2, 128), (512, 0.2, 102), (3, 0.2, 1), (1, 0.2, 0), (0, 0.2, 0), (100, 0.29, 29), (2, 0.99, 1)],
)
def test_how_many_units_go(alive: int, rate: float, gone: int) -> None:
    assert units_to_drop(alive, rate) == gone


UNITS = Units.all_of(hidden_layers(mlp(2, (4, 3))))
SCORES = {"0": torch.tensor([3.0, 1.0, 2.0, 1.0]), "2": torch.tensor([1.0, 5.0, 0.0])}


def left(units: Units) -> list[list[int]]:
    return [mask.nonzero().flatten().tolist() for mask in units.kept.values()]


def test_the_lowest_go_first_and_of_equals_the_earlier() -> None:
    assert left(drop_lowest(SCORES, UNITS, 1)) == [[0, 1, 2, 3], [0, 1]]
    assert left(drop_lowest(SCORES, UNITS, 2)) == [[0, 2, 3], [0, 1]]
    assert left(drop_lowest(SCORES, UNITS, 3)) == [[0, 2], [0, 1]]
    assert left(drop_lowest(SCORES, UNITS, {"0": 1, "2": 2})) == [[0, 2, 3], [1]]
    assert left(drop_lowest(SCORES, UNITS.without("2", [2]), 1)) == [[0, 2, 3], [0, 1]]


def test_scores_that_are_nan_rank_nothing() -> None:
    with pytest.raises(InputError, match="NaN"):
        drop_lowest({**SCORES, "2": torch.full((3,), torch.nan)}, UNITS, 1)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ("minimum", [[0, 2, 3], [0, 2]]),  # of 4 + 3 units 2 go, the lowest of all
        ("maximum", [[1, 2, 3], [0, 1]]),
        ("minimum_layer", [[0, 2, 3], [0, 2]]),  # 1 of 4, 1 of 3
        ("maximum_layer", [[1, 2, 3], [0, 1]]),
    ],
)
def test_criteria(criterion: Criterion, expected: list[list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    activity = {"0": torch.tensor([9.0, 1.0, 3.0, 4.0]), "2": torch.tensor([5.0, 0.0, 8.0])}
    monkeypatch.setattr("scyc.dropnet.criteria.mean_activity", lambda *_: activity)
    model = mlp(2, (4, 3))
    units = dropped(criterion, model, hidden_layers(model), UNITS, examples("mlp"), rate=0.3, seed=0, cycle=0)
    assert left(units) == expected


criteria = st.sampled_from(["minimum", "maximum", "random", "minimum_layer", "maximum_layer", "random_layer", "oracle"])


@settings(max_examples=12, deadline=None)
@given(criterion=criteria, rate=st.sampled_from([0.1, 0.2, 0.5, 0.9]), seed=st.integers(0, 99))
def test_every_criterion_drops_exactly_what_is_due_until_one_unit_is_left(
    criterion: Criterion, rate: float, seed: int
) -> None:
    model, split = build("deep mlp", seed), examples("deep mlp")
    layers = hidden_layers(model)
    units = Units.all_of(layers)
    for cycle in range(30):
        following = dropped(criterion, model, layers, units, split, rate=rate, seed=seed, cycle=cycle)
        again = dropped(criterion, model, layers, units, split, rate=rate, seed=seed, cycle=cycle)
        for name, mask in following.kept.items():
            assert torch.equal(mask, again.kept[name])
            assert not (mask & ~units.kept[name]).any()  # none comes back
        if criterion.endswith("_layer"):
            assert following.counts == {n: count - units_to_drop(count, rate) for n, count in units.counts.items()}
        else:
            due = min(1, units.alive - 1) if criterion == "oracle" else units_to_drop(units.alive, rate)
            assert following.alive == units.alive - due
        units = following
        units.masks(model, layers).bind(model).apply()
    assert units.alive == 1 if not criterion.endswith("_layer") else set(units.counts.values()) >= {1}


def test_random_units_differ_from_seed_to_seed_and_cycle_to_cycle() -> None:
    model = mlp(6, (30, 30))
    layers = hidden_layers(model)

    def drawn(seed: int, cycle: int) -> list[list[int]]:
        full = Units.all_of(layers)
        return left(dropped("random", model, layers, full, examples("mlp"), rate=0.5, seed=seed, cycle=cycle))

    assert drawn(0, 0) == drawn(0, 0)
    assert drawn(0, 0) != drawn(1, 0)
    assert drawn(0, 0) != drawn(0, 1)
