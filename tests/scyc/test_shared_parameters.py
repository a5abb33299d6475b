"""Networks whose parameters have several names: one mask each, whatever trains them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc.data import Dataset, Split
from scyc.engines import ENGINES
from scyc.engines.lean import Lean
from scyc.measuring import measure
from scyc.optimizers import OptimizerSettings
from scyc.protocol import Checkpoint, Protocol, Pruning
from scyc.pruning import CRITERIA, Masks
from scyc.signs import flip_signs, shuffle_magnitudes, with_signs_of
from scyc.state import copy_state, load_state
from scyc.training.recipe import Recipe
from scyc.trial import Member, Trial, begin_level, run_trial, run_trials
from scyc.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS, WIDTH, CLASSES = 12, 12, 3


class Encoder(nn.Module):
    """The output layer has the weight of an embedding, which comes first and is not used otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.inner = nn.Embedding(CLASSES, WIDTH), nn.Linear(INPUTS, WIDTH)
        self.out = nn.Linear(WIDTH, CLASSES, bias=False)
        self.out.weight = self.table.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.inner(x)))  # type: ignore[no-any-return]


class Twice(nn.Module):
    """One layer, with its BatchNorm, under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.one = self.other = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH))
        self.out = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.other(torch.relu(self.one(x)))))  # type: ignore[no-any-return]


class Raw(nn.Module):
    """A parameter of the network's own is the weight of a layer too."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(WIDTH, INPUTS) / 4)
        self.inner, self.out = nn.Linear(INPUTS, WIDTH), nn.Linear(WIDTH, CLASSES)
        self.inner.weight = self.matrix

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.inner(x @ self.matrix)))  # type: ignore[no-any-return]


def sequence() -> nn.Sequential:
    """Plain layers, two of which share their weight: what the reference trains by hand if they do not."""
    layers = nn.Sequential(
        nn.Linear(INPUTS, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, CLASSES)
    )
    layers[2].weight = layers[0].weight
    return layers


NETWORKS: dict[str, Callable[[], nn.Module]] = {"encoder": Encoder, "twice": Twice, "raw": Raw, "sequence": sequence}


@cache
def data() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(240, INPUTS, generator=generator)
    y = (x @ torch.randn(INPUTS, CLASSES, generator=generator)).argmax(1)
    train, validation, test = (Split(x[a:b], y[a:b]) for a, b in ((0, 160), (160, 200), (200, 240)))
    return Dataset(train, validation, test, CLASSES)


def protocol(kind: str, pruning: Pruning, optimizer: OptimizerSettings | None = None) -> Protocol:
    recipe = Recipe(epochs=2, batch_size=40, optimizer=optimizer or OptimizerSettings())
    return Protocol(Workload(kind, NETWORKS[kind], data), recipe, pruning)


PRUNINGS = {
    "weights": Pruning(rate=0.5, rewind_step=2, optimizer_state="with-weights"),
    "learning-rate": Pruning(rate=0.5, rewind="learning-rate", criterion="weight-change"),
    "gradient": Pruning(rate=0.5, criterion="gradient", scope="layer"),
}


@cache
def first_levels(kind: str, pruning: str) -> tuple[Trial, Trial]:
    """The dense network, and the reference's next level."""
    settings = protocol(kind, PRUNINGS[pruning])
    dense = run_trial(settings, data(), seed=0, level=0, max_lr=0.1)
    return dense, run_trial(
        settings, data(), seed=0, level=1, max_lr=0.1, parent=dense.checkpoint, rewind_point=dense.rewind_point
    )


@pytest.mark.parametrize("pruning", PRUNINGS)
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("engine", ["graphs", "stacked"])
def test_every_engine_holds_the_masks_of_shared_weights(engine: str, kind: str, pruning: str) -> None:
    dense, reference = first_levels(kind, pruning)
    member = Member(protocol(kind, PRUNINGS[pruning]), 0.1, dense.checkpoint, dense.rewind_point)
    for trial in run_trials([member, member], data(), seed=0, level=1, engine=ENGINES[engine]):
        assert trial.checkpoint.state.keys() == reference.checkpoint.state.keys()
        for name, tensor in trial.checkpoint.state.items():
            torch.testing.assert_close(tensor, reference.checkpoint.state[name], rtol=2e-3, atol=2e-3)
        for name, mask in trial.checkpoint.masks.kept.items():
            assert torch.equal(mask, reference.checkpoint.masks.kept[name])
            assert not trial.checkpoint.state[name][~mask].any()


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_shared_weight_has_one_mask_one_entry_and_one_gradient(kind: str) -> None:
    dense, pruned = first_levels(kind, "weights")
    model = NETWORKS[kind]()
    own = dict(model.named_parameters())
    assert pruned.checkpoint.masks.kept.keys() <= own.keys()
    assert set(pruned.checkpoint.state) == own.keys() | {name for name, _ in model.named_buffers()}
    total = sum(own[name].numel() for name in pruned.checkpoint.masks.kept)
    assert (pruned.checkpoint.masks.total, pruned.checkpoint.masks.alive) == (total, round(total / 2))
    assert dense.training.gradients[0].count % total == 0


def test_layers_that_share_a_weight_get_the_sum_of_their_gradients() -> None:
    model = sequence()
    assert not Lean.trains(model, Recipe(), torch.device("cpu"))
    again = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    assert Lean.trains(again, Recipe(), torch.device("cpu"))
    again[2].bias = again[0].bias
    assert not Lean.trains(again, Recipe(), torch.device("cpu"))


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_norm_that_the_pruning_takes_is_that_of_all_pruned_weights(kind: str) -> None:
    dense, pruned = first_levels(kind, "weights")
    state, masks = dense.checkpoint.state, pruned.checkpoint.masks.kept
    gone = sum(state[name][~mask].double().square().sum().item() for name, mask in masks.items())
    whole = sum(state[name].double().square().sum().item() for name, _ in NETWORKS[kind]().named_parameters())
    found = measure(
        "norm-drop",
        protocol(kind, PRUNINGS["weights"]),
        data(),
        seed=0,
        level=1,
        parent=dense.checkpoint,
        rewind_point=dense.rewind_point,
    )
    assert found.value == pytest.approx((gone / whole) ** 0.5, rel=1e-9)


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_level_continues_with_the_optimizer_of_shared_weights(kind: str, optimizer: str) -> None:
    settings = OptimizerSettings(optimizer, weight_decay=1e-3)  # type: ignore[arg-type]
    pruning = Pruning(rate=0.5, rewind="learning-rate", optimizer_state="with-weights")
    shared = protocol(kind, pruning, settings)
    dense = run_trial(shared, data(), seed=0, level=0, max_lr=0.01)
    assert dense.checkpoint.optimizer
    names = {key.partition("/")[2] for key in dense.checkpoint.optimizer}
    assert names == set(dict(NETWORKS[kind]().named_parameters()))
    member = Member(shared, 0.01, dense.checkpoint, dense.rewind_point)
    eager, graphs = (run_trials([member], data(), seed=0, level=1, engine=ENGINES[e])[0] for e in ("eager", "graphs"))
    for name, tensor in eager.checkpoint.state.items():
        torch.testing.assert_close(graphs.checkpoint.state[name], tensor, rtol=2e-3, atol=2e-3)


def test_a_study_of_a_version_that_named_masks_otherwise_is_continued() -> None:
    dense, reference = first_levels("encoder", "learning-rate")
    aliases = {"table.weight": "out.weight"}
    former = dense.checkpoint
    assert former.change
    old = Checkpoint(
        {**former.state, "out.weight": former.state["table.weight"]},
        former.masks.renamed(aliases),
        {aliases.get(name, name): change for name, change in former.change.items()},
    )
    assert "out.weight" in old.masks.kept
    found = run_trial(
        protocol("encoder", PRUNINGS["learning-rate"]),
        data(),
        seed=0,
        level=1,
        max_lr=0.1,
        parent=old,
        rewind_point=dense.rewind_point,
    )
    assert all(torch.equal(found.checkpoint.state[name], t) for name, t in reference.checkpoint.state.items())


def test_whoever_changes_a_state_changes_all_of_a_shared_weight() -> None:
    model, donor = Encoder(), Encoder()
    state, masks = copy_state(model), Masks.dense(model, ["table.weight"])
    for changed in (
        with_signs_of(state, copy_state(donor), masks),
        flip_signs(state, masks, 1.0, seed=0, step=0),
        shuffle_magnitudes(state, masks, seed=0),
    ):
        load_state(model, changed)
        assert torch.equal(model.out.weight, changed["table.weight"])
        assert not torch.equal(model.out.weight, state["table.weight"])


def test_a_state_with_every_name_is_loaded_too() -> None:
    model, other = Twice(), Twice()
    load_state(model, other.state_dict())
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in model.state_dict().items())
    with pytest.raises(RuntimeError, match="Unexpected key"):
        load_state(model, copy_state(other) | {"more": torch.ones(1)})
    with pytest.raises(RuntimeError, match="Missing key"):
        load_state(model, {name: t for name, t in copy_state(other).items() if name != "out.bias"})


class PartlyTrained(nn.Module):
    """A layer is frozen, and another is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen, self.unused = nn.Linear(INPUTS, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.frozen.requires_grad_(False)
        self.out = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.frozen(x)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("criterion", ["magnitude", "gradient"])
@pytest.mark.parametrize("engine", ["eager", "graphs", "stacked"])
def test_what_is_frozen_or_not_used_stays_as_it_is_but_for_the_masks(engine: str, criterion: str) -> None:
    assert criterion in CRITERIA
    workload = Workload("partly", PartlyTrained, data)
    settings = replace(protocol("raw", Pruning(rate=0.5, criterion=criterion)), workload=workload)
    dense = run_trial(settings, data(), seed=0, level=0, max_lr=0.1)
    member = Member(settings, 0.1, dense.checkpoint, dense.rewind_point)
    trial = run_trials([member, member][: ENGINES[engine].largest], data(), seed=0, level=1, engine=ENGINES[engine])[-1]
    assert dense.rewind_point
    for name in ("frozen.weight", "unused.weight"):
        mask = trial.checkpoint.masks.kept[name]
        assert torch.equal(trial.checkpoint.state[name], dense.rewind_point.state[name] * mask)
    for name in ("frozen.bias", "unused.bias"):
        assert torch.equal(trial.checkpoint.state[name], dense.rewind_point.state[name])
    assert not torch.equal(trial.checkpoint.state["out.bias"], dense.rewind_point.state["out.bias"])


def test_trained_statistics_of_a_layer_under_two_names_stay() -> None:
    pruning = Pruning(rate=0.5, statistics="trained")
    dense = run_trial(protocol("twice", pruning), data(), seed=0, level=0, max_lr=0.1)
    assert dense.rewind_point
    names = {"one.1.running_mean": "other.1.running_mean"}
    early = dense.rewind_point.state | {new: dense.rewind_point.state[old] for old, new in names.items()}
    for rewind_point in (dense.rewind_point, replace(dense.rewind_point, state=early)):
        start = begin_level(
            protocol("twice", pruning), data(), seed=0, level=1, parent=dense.checkpoint, rewind_point=rewind_point
        )
        mean = start.model.state_dict()["other.1.running_mean"]
        assert torch.equal(mean, dense.checkpoint.state["one.1.running_mean"])
        assert not torch.equal(mean, early["one.1.running_mean"])
