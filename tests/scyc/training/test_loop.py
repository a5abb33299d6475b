from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scyc import InputError, OneCycle
from scyc.data import Dataset, Split
from scyc.models import mlp
from scyc.optimizers import OptimizerSettings
from scyc.profiles import learning_rates, momenta
from scyc.pruning import Masks, magnitude, prunable_weights, prune
from scyc.randomness import seeded, stream
from scyc.training.evaluation import evaluate
from scyc.training.learner import Learner
from scyc.training.loop import train_one
from scyc.training.recipe import Recipe
from scyc.training.result import Snapshot

if TYPE_CHECKING:
    from typing import Any

    from scyc.training.result import EpochMetrics, Training

RECIPE = Recipe(epochs=4, batch_size=30)  # ten steps an epoch; 20 of the 320 examples are left out each time
STEPS = 40


def network(seed: int = 0) -> nn.Sequential:
    with seeded("test network", seed):
        return mlp(inputs=8, hidden=(16,), classes=4)


def dense(model: nn.Module) -> Masks:
    return Masks.dense(model, prunable_weights(model))


def half(model: nn.Module) -> Masks:
    return prune(magnitude(model.state_dict(), dense(model)), dense(model), rate=0.5, level=1)


def same_state(one: nn.Module | dict[str, torch.Tensor], other: nn.Module | dict[str, torch.Tensor]) -> bool:
    first, second = (state.state_dict() if isinstance(state, nn.Module) else state for state in (one, other))
    return first.keys() == second.keys() and all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def bare_loop(model: nn.Module, masks: Masks, data: Dataset, *, max_lr: float, level: int, steps: int) -> None:
    """The training that `RECIPE` stands for with seed 0, written out once more."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9, weight_decay=5e-4, fused=True)
    weights = dict(model.named_parameters())
    for name, mask in masks.kept.items():
        weights[name].data[~mask] = 0
    for step in range(steps):
        epoch, index = divmod(step, 10)
        if index == 0:
            order = torch.randperm(320, generator=stream("order", 0, level, epoch))
        progress = step / STEPS
        warm = progress / 0.3 if progress < 0.3 else 1.0
        optimizer.param_groups[0]["lr"] = max_lr * (warm * 0.1 ** ((progress >= 0.5) + (progress >= 0.8)))
        batch = order[30 * index :][:30]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data.train.inputs[batch]), data.train.targets[batch])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        for name, mask in masks.kept.items():
            weights[name].data[~mask] = 0


def test_learns_what_can_be_learnt(blobs: Dataset) -> None:
    model = network()
    training = train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0)
    losses = [epoch.train_loss for epoch in training.epochs]
    assert losses[0] is not None
    assert losses[-1] is not None
    assert losses[-1] < losses[0] / 5
    assert min(training.val_accuracy, training.test_accuracy) > 0.9
    assert not training.diverged
    assert training.early is None


def test_metrics_are_those_of_the_network_that_it_leaves(blobs: Dataset) -> None:
    model = network()
    training = train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0)
    assert [epoch.epoch for epoch in training.epochs] == [0, 1, 2, 3]
    last = training.epochs[-1]
    for split, loss, accuracy in (
        (blobs.validation, last.val_loss, training.val_accuracy),
        (blobs.test, training.test_loss, training.test_accuracy),
    ):
        logits = model(split.inputs)
        assert loss == pytest.approx(F.cross_entropy(logits, split.targets).item(), rel=1e-5)
        answers = logits.argmax(1) == split.targets
        assert accuracy == answers.double().mean().item()
        assert torch.equal(training.answers["validation" if split is blobs.validation else "test"], answers)


def test_validation_accuracy_is_the_last_epochs_not_the_best(blobs: Dataset) -> None:
    def spoilt(progress: float, /) -> float:
        return 0.001 if progress < 0.75 else 1.0  # of an absurd max_lr in the last epoch

    model = network()
    training = train_one(model, dense(model), blobs, replace(RECIPE, profile=spoilt), max_lr=100.0, seed=0, level=0)
    accuracies = [epoch.val_accuracy for epoch in training.epochs]
    assert max(accuracies) > 0.9
    assert accuracies[-1] < 0.8
    assert training.val_accuracy == accuracies[-1] == evaluate(model, blobs.validation)[1]


@pytest.mark.parametrize("level", [0, 3])
def test_equals_a_bare_loop_to_the_bit(blobs: Dataset, level: int) -> None:
    model, reference = network(), network()
    masks = half(model) if level else dense(model)
    train_one(model, masks, blobs, RECIPE, max_lr=0.2, seed=0, level=level)
    bare_loop(reference, masks, blobs, max_lr=0.2, level=level, steps=STEPS)
    assert same_state(model, reference)
    assert not same_state(model, network())


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_profile_sets_the_momentum_of_each_step(blobs: Dataset, momentum: float) -> None:
    profile = OneCycle(momentum=(0.5, 0.95))
    recipe = replace(RECIPE, profile=profile, optimizer=OptimizerSettings(momentum=momentum))
    model, reference = network(), network()
    train_one(model, dense(model), blobs, recipe, max_lr=0.1, seed=0, level=0)
    optimizer = torch.optim.SGD(reference.parameters(), lr=0.0, momentum=0.7, weight_decay=5e-4, fused=True)
    rates, cycle = learning_rates(profile, 0.1, STEPS), momenta(profile, STEPS)
    assert cycle is not None
    for step, (rate, now) in enumerate(zip(rates, cycle, strict=True)):
        epoch, index = divmod(step, 10)
        batch = torch.randperm(320, generator=stream("order", 0, 0, epoch))[30 * index :][:30]
        optimizer.param_groups[0].update(lr=rate, momentum=now)
        optimizer.zero_grad()
        loss = F.cross_entropy(reference(blobs.train.inputs[batch]), blobs.train.targets[batch])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert same_state(model, reference)


def test_pruned_weights_are_zero_afterwards_and_the_others_are_not(blobs: Dataset) -> None:
    model = network()
    masks = half(model)
    train_one(model, masks, blobs, RECIPE, max_lr=0.1, seed=0, level=1)
    for name, mask in masks.kept.items():
        assert torch.equal(model.get_parameter(name) != 0, mask)


def test_the_same_call_gives_the_same_bits(blobs: Dataset) -> None:
    def once() -> tuple[nn.Module, Training]:
        model = network()
        return model, train_one(model, half(model), blobs, RECIPE, max_lr=0.1, seed=5, level=2, rewind_step=7)

    (first, one), (second, other) = once(), once()
    assert same_state(first, second)
    tensors: dict[str, Any] = {"early": None, "last": Snapshot({}), "answers": {}}
    assert replace(one, **tensors) == replace(other, **tensors)
    assert all(torch.equal(answers, other.answers[split]) for split, answers in one.answers.items())
    assert one.early is not None
    assert other.early is not None
    assert same_state(one.early.state, other.early.state)
    assert same_state(one.last.state, other.last.state)


@pytest.mark.parametrize(("seed", "level"), [(1, 0), (0, 1)])
def test_seed_and_level_change_the_order(blobs: Dataset, seed: int, level: int) -> None:
    model, other = network(), network()
    train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0)
    train_one(other, dense(other), blobs, RECIPE, max_lr=0.1, seed=seed, level=level)
    assert not same_state(model, other)


class Recorder:
    """Adds noise to each batch and keeps what it returned."""

    def __init__(self) -> None:
        self.batches: list[torch.Tensor] = []

    def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        self.batches.append(inputs + torch.randn(inputs.shape, generator=generator))
        return self.batches[-1]


def batches(data: Dataset, *, max_lr: float = 0.1, seed: int = 0, level: int = 0) -> torch.Tensor:
    """What the network is shown, of shape (steps, batch, features)."""
    model, recorder = network(), Recorder()
    train_one(model, dense(model), data, RECIPE, max_lr=max_lr, seed=seed, level=level, augmentation=recorder)
    return torch.stack(recorder.batches)


def test_candidates_of_different_max_lr_see_the_same_batches_with_the_same_augmentation(blobs: Dataset) -> None:
    seen = batches(blobs)
    assert seen.shape == (STEPS, 30, 8)
    assert torch.equal(batches(blobs, max_lr=0.7), seen)
    assert not torch.equal(batches(blobs, seed=1), seen)
    assert not torch.equal(batches(blobs, level=1), seen)


def test_every_epoch_has_an_order_of_its_own_without_repetition(blobs: Dataset) -> None:
    class Order:
        def __init__(self) -> None:
            self.examples: list[int] = []

        def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            self.examples += [rows.index(row) for row in inputs.tolist()]
            return inputs

    rows = blobs.train.inputs.tolist()
    model, order = network(), Order()
    train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0, augmentation=order)
    epochs = [order.examples[300 * epoch :][:300] for epoch in range(4)]
    assert all(len(set(epoch)) == 300 for epoch in epochs)
    assert len(set(map(tuple, epochs))) == 4


def numbers(epoch: EpochMetrics) -> list[float]:
    return [number for number in (epoch.train_loss, epoch.val_loss, epoch.val_accuracy) if number is not None]


def test_absurd_max_lr_diverges_without_a_nan(blobs: Dataset) -> None:
    recipe = replace(RECIPE, epochs=20)
    model = network()
    training = train_one(model, dense(model), blobs, recipe, max_lr=1e6, seed=0, level=0)
    assert training.diverged
    assert len(training.epochs) < 20
    assert training.epochs[-1].train_loss is None
    assert training.test_loss is None
    assert all(math.isfinite(number) for epoch in training.epochs for number in numbers(epoch))
    assert 0 <= training.val_accuracy < 0.5
    assert 0 <= training.test_accuracy < 0.5
    assert all(epoch.train_loss is not None for epoch in training.epochs[:-1])


def test_no_better_than_guessing_is_diverged_too(blobs: Dataset) -> None:
    model = network()
    nn.init.constant_(model.get_parameter("2.bias"), 0.0)
    with torch.no_grad():
        model.get_parameter("2.bias")[0] = 5.0  # confident that everything is of the first class
    training = train_one(model, dense(model), blobs, RECIPE, max_lr=1e-9, seed=0, level=0)
    assert len(training.epochs) == RECIPE.epochs
    last = training.epochs[-1].train_loss
    assert last is not None
    assert last > math.log(4)
    assert training.diverged


@pytest.mark.parametrize("step", [0, 1, 13, STEPS])
def test_the_snapshot_is_that_after_so_many_steps(blobs: Dataset, step: int) -> None:
    model, reference = network(), network()
    training = train_one(model, dense(model), blobs, RECIPE, max_lr=0.2, seed=0, level=0, rewind_step=step)
    bare_loop(reference, dense(reference), blobs, max_lr=0.2, level=0, steps=step)
    assert training.early is not None
    assert same_state(training.early.state, reference)
    assert same_state(training.early.state, model) == (step == STEPS)


def test_the_snapshot_includes_the_masks(blobs: Dataset) -> None:
    model = network()
    masks = half(model)
    training = train_one(model, masks, blobs, RECIPE, max_lr=0.2, seed=0, level=1, rewind_step=0)
    assert training.early is not None
    for name, mask in masks.kept.items():
        assert not training.early.state[name][~mask].any()


@pytest.mark.parametrize("step", [STEPS + 1, 10_000])
def test_a_rewind_step_past_the_last_is_refused(blobs: Dataset, step: int) -> None:
    model = network()
    with pytest.raises(InputError, match=rf"^rewind_step is {step}, but a level has only 40 steps; .+\.$"):
        train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0, rewind_step=step)


def test_a_negative_rewind_step_is_refused(blobs: Dataset) -> None:
    model = network()
    with pytest.raises(InputError, match="counted from 0 on"):
        train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0, rewind_step=-1)


def test_a_split_smaller_than_a_batch_is_refused(blobs: Dataset) -> None:
    few = replace(blobs, train=Split(blobs.train.inputs[:29], blobs.train.targets[:29]))
    model = network()
    with pytest.raises(InputError, match=r"^The training split has 29 examples, fewer than one batch of 30; .+\.$"):
        train_one(model, dense(model), few, RECIPE, max_lr=0.1, seed=0, level=0)
    assert same_state(model, network())


def test_profile_and_optimizer_come_from_the_recipe(blobs: Dataset) -> None:
    def trained(recipe: Recipe) -> nn.Module:
        model = network()
        train_one(model, dense(model), blobs, recipe, max_lr=0.1, seed=0, level=0)
        return model

    states = [
        trained(RECIPE),
        trained(replace(RECIPE, profile=OneCycle())),
        trained(replace(RECIPE, optimizer=OptimizerSettings(momentum=0.8))),
        trained(replace(RECIPE, optimizer=OptimizerSettings(weight_decay=0.0))),
        trained(replace(RECIPE, optimizer=OptimizerSettings(nesterov=True))),
        trained(replace(RECIPE, optimizer=OptimizerSettings("adamw"))),
        trained(replace(RECIPE, optimizer=OptimizerSettings("adamw", beta2=0.9))),
        trained(replace(RECIPE, precision="bf16")),
    ]
    assert not any(same_state(one, other) for i, one in enumerate(states) for other in states[:i])


def test_bf16_trains_weights_in_single_precision_to_about_the_same(blobs: Dataset) -> None:
    trained = []
    for precision in ("fp32", "bf16", "bf16"):
        model = network()
        recipe = replace(RECIPE, precision=precision)
        trained.append((train_one(model, half(model), blobs, recipe, max_lr=0.1, seed=0, level=1), model.state_dict()))
    (exact, _), (rough, state), (again, same) = trained
    assert {tensor.dtype for tensor in state.values()} == {torch.float32}
    assert rough.val_accuracy == pytest.approx(exact.val_accuracy, abs=0.1)
    assert rough.epochs != exact.epochs
    assert rough.epochs == again.epochs
    assert same_state(state, same)


def test_adamw_learns_and_holds_pruned_weights_at_zero(blobs: Dataset) -> None:
    model = network()
    masks = half(model)
    recipe = replace(RECIPE, optimizer=OptimizerSettings("adamw", weight_decay=0.01))
    training = train_one(model, masks, blobs, recipe, max_lr=0.1, seed=0, level=1)
    assert training.val_accuracy > 0.8
    for name, mask in masks.kept.items():
        assert not model.get_parameter(name)[~mask].any()


def with_dropout() -> nn.Sequential:
    with seeded("test network", 0):
        return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 4))


def test_dropout_depends_on_seed_and_level_alone(blobs: Dataset) -> None:
    def trained(level: int) -> nn.Module:
        model = with_dropout()
        train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=level)
        return model

    first = trained(0)
    torch.rand(3)
    assert same_state(trained(0), first)
    assert not same_state(trained(1), first)


def test_the_default_generator_is_left_alone(blobs: Dataset) -> None:
    before = torch.get_rng_state()
    model = with_dropout()
    train_one(model, dense(model), blobs, RECIPE, max_lr=0.1, seed=0, level=0, augmentation=Recorder())
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_goes_through_the_split_in_pieces_and_uses_no_dropout() -> None:
    generator = torch.Generator().manual_seed(0)
    split = Split(torch.randn(5000, 8, generator=generator), torch.randint(4, (5000,), generator=generator))
    model = with_dropout()
    loss, accuracy = evaluate(model, split)
    assert (loss, accuracy) == evaluate(model, split)
    logits = model.eval()(split.inputs)
    assert loss == pytest.approx(F.cross_entropy(logits, split.targets).item(), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == split.targets).double().mean().item(), abs=1e-3)


def test_a_loss_that_is_not_finite_is_none(blobs: Dataset) -> None:
    model = network()
    nn.init.constant_(model.get_parameter("2.bias"), math.nan)
    loss, accuracy = evaluate(model, blobs.test)
    assert loss is None
    assert 0 <= accuracy <= 1


@pytest.mark.parametrize("watched", [None, 1, 30, 80])
def test_epochs_are_watched_and_the_last_is_judged_on_all(blobs: Dataset, watched: int | None) -> None:
    def metrics(data: Dataset) -> tuple[EpochMetrics, ...]:
        model = network()
        return train_one(model, dense(model), data, RECIPE, max_lr=0.02, seed=0, level=0).epochs

    found, whole = metrics(replace(blobs, watched=watched)), metrics(blobs)
    few = metrics(replace(blobs, validation=blobs.validation.first(watched or 80)))
    assert found == (*few[:-1], whole[-1])
    assert watched in (None, 80) or found[:-1] != whole[:-1]


def test_an_epoch_that_ends_the_training_early_is_judged_on_all(blobs: Dataset) -> None:
    model = network()
    learner = Learner(model, dense(model), RECIPE, STEPS, max_lr=0.02)
    learner.end_epoch(math.inf, replace(blobs, watched=8))
    assert learner.training is not None
    [only] = learner.training.epochs
    assert (only.val_loss, only.val_accuracy) == evaluate(model, blobs.validation)
    assert only.val_loss != evaluate(model, blobs.validation.first(8))[0]
