"""One suite for every engine: what it trains is what the reference trains."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from scyc import InputError
from scyc.data import Dataset, Split
from scyc.engines import EAGER, ENGINES, engine_for, find_engine
from scyc.models import find_network, mlp
from scyc.optimizers import OptimizerSettings
from scyc.profiles import OneCycle
from scyc.pruning import Masks, prunable_weights
from scyc.training import loop
from scyc.training.learner import Learner
from scyc.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.engines import Engine
    from scyc.training.result import Training

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=3, batch_size=16)
RATES = (0.02, 0.1, 0.3)
TOGETHER = ["graphs", "stacked"]


def images(channels: int = 3, side: int = 8, count: int = 64, classes: int = 4) -> Dataset:
    """Noise around one image per class."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(classes, channels, side, side, generator=generator)

    def split(size: int) -> Split:
        targets = torch.arange(size) % classes
        return Split(centres[targets] + torch.randn(size, channels, side, side, generator=generator), targets)

    return Dataset(split(count), split(32), split(32), classes)


DATA = images()


def network(kind: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if kind == "mlp":
            return nn.Sequential(nn.Flatten(), *mlp(3 * 8 * 8, (20, 12), 4))
        return find_network(kind).build((3, 8, 8), 4)


def learner(kind: str, max_lr: float, engine: Engine, recipe: Recipe = RECIPE, **kept: Any) -> Learner:
    model = network(kind)
    masks = Masks.dense(model, prunable_weights(model))
    generator = torch.Generator().manual_seed(1)
    masks = Masks({name: torch.rand(mask.shape, generator=generator) < 0.5 for name, mask in masks.kept.items()})
    engine.lay_out(model)
    return Learner(model, masks, recipe, recipe.steps(len(DATA.train)), max_lr=max_lr, **kept)


def alone(kind: str, max_lr: float, engine: Engine = EAGER, recipe: Recipe = RECIPE, **kept: Any) -> Training:
    [training] = loop.train([learner(kind, max_lr, engine, recipe, **kept)], DATA, seed=0, level=1, engine=engine)
    return training


def together(kind: str, rates: Sequence[float], engine: Engine, recipe: Recipe = RECIPE, **kept: Any) -> list[Training]:
    learners = [learner(kind, max_lr, engine, recipe, **kept) for max_lr in rates]
    return loop.train(learners, DATA, seed=0, level=1, engine=engine)


def assert_close(one: Training, other: Training, tolerance: float = 2e-3) -> None:
    assert len(one.epochs) == len(other.epochs)
    assert one.diverged == other.diverged
    for ours, theirs in zip(one.epochs, other.epochs, strict=True):
        assert ours.train_loss == pytest.approx(theirs.train_loss, rel=tolerance, abs=tolerance)
    assert one.last.state.keys() == other.last.state.keys()
    for name, tensor in one.last.state.items():
        torch.testing.assert_close(tensor, other.last.state[name], rtol=tolerance, atol=tolerance)
    assert [(found.point, found.count) for found in one.gradients] == [(f.point, f.count) for f in other.gradients]
    for ours_, theirs_ in zip(one.gradients, other.gradients, strict=True):
        assert ours_.std == pytest.approx(theirs_.std, rel=0.05)


SETTINGS = {
    "plain": OptimizerSettings(momentum=0.0, weight_decay=0.0),
    "momentum": OptimizerSettings(),
    "nesterov": OptimizerSettings(nesterov=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kind", ["mlp", "resnet-8"])
@pytest.mark.parametrize("name", TOGETHER)
def test_networks_together_train_as_each_does_alone(name: str, kind: str, settings: str) -> None:
    recipe = replace(RECIPE, optimizer=SETTINGS[settings])
    kept: dict[str, Any] = {"rewind_step": 3, "keep_optimizer": True, "keep_change": True}
    found = together(kind, RATES, ENGINES[name], recipe, **kept)
    for max_lr, training in zip(RATES, found, strict=True):
        reference = alone(kind, max_lr, recipe=recipe, **kept)
        assert_close(training, reference)
        assert training.early is not None
        assert reference.early is not None
        for snapshot, expected in ((training.early, reference.early), (training.last, reference.last)):
            assert (snapshot.optimizer or {}).keys() == (expected.optimizer or {}).keys()
            for key, remembered in (snapshot.optimizer or {}).items():
                torch.testing.assert_close(remembered, (expected.optimizer or {})[key], rtol=0.02, atol=0.02)
        assert training.change is not None
        right = {split: answers.double().mean().item() for split, answers in training.answers.items()}
        assert right == {"validation": training.val_accuracy, "test": training.test_accuracy}


def test_graphs_train_adamw_too() -> None:
    recipe = replace(RECIPE, optimizer=OptimizerSettings("adamw"))
    found = together("mlp", (0.001, 0.01), ENGINES["graphs"], recipe)
    for max_lr, training in zip((0.001, 0.01), found, strict=True):
        assert_close(training, alone("mlp", max_lr, recipe=recipe))


@pytest.mark.parametrize("name", TOGETHER)
def test_nothing_is_held_once_the_steps_are_done_with(name: str) -> None:
    """A GPU's memory must be free for the next group at once, not when the garbage is collected."""
    engine = ENGINES[name]
    learners = [learner("mlp", max_lr, engine) for max_lr in RATES]
    for one in learners:
        one.begin_epoch()
    steps = engine.bind(learners)
    steps(*next(DATA.train.batches(16)), 0)
    held: list[weakref.ref[Any]] = [weakref.ref(steps), *map(weakref.ref, learners)]
    gc.disable()
    try:
        del steps, learners, one
        assert [reference() for reference in held] == [None] * len(held)
    finally:
        gc.enable()


@pytest.mark.parametrize("name", TOGETHER)
def test_one_that_diverges_does_not_disturb_the_others(name: str) -> None:
    found = together("mlp", (0.1, 1e30, 0.3), ENGINES[name])
    assert found[1].diverged
    assert len(found[1].epochs) < RECIPE.epochs
    for max_lr, training in zip((0.1, 0.3), found[::2], strict=True):
        assert not training.diverged
        assert_close(training, alone("mlp", max_lr))
    assert found[1].gradients == alone("mlp", 1e30).gradients


@pytest.mark.parametrize("name", TOGETHER)
def test_what_came_before_is_gone_on_with(name: str) -> None:
    engine = ENGINES[name]
    before = alone("mlp", 0.1, keep_optimizer=True).last
    assert before.optimizer
    model = network("mlp")
    masks = Masks.dense(model, prunable_weights(model))
    steps = RECIPE.steps(len(DATA.train))

    def go_on(engine: Engine, members: int) -> list[Training]:
        learners = []
        for _ in range(members):
            model = network("mlp")
            model.load_state_dict(before.state)
            learners.append(Learner(model, masks, RECIPE, steps, max_lr=0.1, optimizer_from=before.optimizer))
        return loop.train(learners, DATA, seed=1, level=1, engine=engine)

    [reference] = go_on(EAGER, 1)
    for training in go_on(engine, 2):
        assert_close(training, reference)


@pytest.mark.parametrize("name", TOGETHER)
def test_pruned_weights_stay_zero(name: str) -> None:
    learners = [learner("resnet-8", max_lr, ENGINES[name]) for max_lr in RATES]
    loop.train(learners, DATA, seed=0, level=1, engine=ENGINES[name])
    for one in learners:
        for weight, mask in one.masks.kept.items():
            assert not one.model.get_parameter(weight)[~mask].any()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_channels_last_trains_what_the_reference_trains(precision: str) -> None:
    recipe = replace(RECIPE, precision=precision)  # type: ignore[arg-type]
    engine = ENGINES["channels-last"]
    found = alone("resnet-8", 0.1, engine, recipe, keep_optimizer=True)
    reference = alone("resnet-8", 0.1, recipe=recipe, keep_optimizer=True)
    assert_close(found, reference, tolerance=2e-3 if precision == "fp32" else 0.25)
    assert all(tensor.is_contiguous() for tensor in found.last.state.values())
    assert all(tensor.is_contiguous() for tensor in (found.last.optimizer or {}).values())


def test_channels_last_is_reproducible_and_goes_on_with_an_optimizer() -> None:
    engine = ENGINES["channels-last"]
    first = alone("resnet-8", 0.1, engine, keep_optimizer=True)
    again = alone("resnet-8", 0.1, engine, keep_optimizer=True)
    for name, tensor in first.last.state.items():
        assert torch.equal(tensor, again.last.state[name])
    steps, trainings = RECIPE.steps(len(DATA.train)), []
    for gone_on in (engine, EAGER):
        model = network("resnet-8")
        model.load_state_dict(first.last.state)
        gone_on.lay_out(model)
        masks = Masks.dense(model, prunable_weights(model))
        one = Learner(model, masks, RECIPE, steps, max_lr=0.1, optimizer_from=first.last.optimizer)
        trainings += loop.train([one], DATA, seed=1, level=1, engine=gone_on)
    assert_close(trainings[0], trainings[1])


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match=r"There is no engine 'warp'; choose one of eager, channels-last, graphs"):
        find_engine("warp")


def test_where_an_engine_objects_the_reference_trains() -> None:
    gpu = torch.device("cuda")
    plain, drops = network("mlp"), nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 4))
    attention = nn.Sequential(nn.MultiheadAttention(8, 2, dropout=0.1))
    cycling = replace(RECIPE, profile=OneCycle(momentum=(0.85, 0.95)))
    adamw = replace(RECIPE, optimizer=OptimizerSettings("adamw"))
    for name in TOGETHER:
        assert engine_for(name, plain, RECIPE, gpu) is ENGINES[name]
        assert engine_for(name, plain, RECIPE, CPU) is EAGER
        assert engine_for(name, drops, RECIPE, gpu) is EAGER
        assert engine_for(name, attention, RECIPE, gpu) is EAGER
        assert engine_for(name, plain, cycling, gpu) is EAGER
    assert engine_for("stacked", plain, adamw, gpu) is EAGER
    assert engine_for("graphs", plain, adamw, gpu) is ENGINES["graphs"]
    assert engine_for("channels-last", plain, RECIPE, CPU) is EAGER
    assert engine_for("channels-last", network("resnet-8"), RECIPE, CPU) is ENGINES["channels-last"]
    assert engine_for("eager", drops, cycling, CPU) is EAGER
