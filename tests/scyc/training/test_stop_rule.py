"""A training that falls under its rule ends there; up to there, and for all others, nothing changes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from scyc import InputError, StopRule
from scyc.data import Dataset, Split
from scyc.engines import EAGER, ENGINES
from scyc.models import mlp
from scyc.protocol import Protocol, Pruning
from scyc.training import loop
from scyc.training.recipe import Recipe
from scyc.trial import Member, Trial, run_trial, run_trials
from scyc.workloads import Workload
from tests.scyc.engines.test_engines import DATA, RATES, RECIPE, TOGETHER, alone, learner

NEVER, ALWAYS = StopRule(0, 0.0), StopRule(1, 1.0)


def protocol(epochs: int = 4) -> Protocol:
    def no_data() -> Dataset:
        raise AssertionError

    workload = Workload("blobs", lambda: mlp(inputs=8, hidden=(16,), classes=4), no_data)
    return Protocol(workload, Recipe(epochs=epochs, batch_size=30), Pruning(rate=0.5, rewind_step=3))


def trained(data: Dataset, stop: StopRule | None, max_lr: float = 0.001) -> Trial:
    return run_trial(protocol(), data, seed=0, level=0, max_lr=max_lr, stop=stop)


def test_a_stopped_training_is_the_beginning_of_the_whole_one(blobs: Dataset) -> None:
    watched = replace(blobs, watched=30)
    whole = trained(watched, None).training
    for epoch in range(3):
        stopped = trained(watched, StopRule(epoch, 1.0)).training
        assert stopped.stopped
        assert stopped.epochs == whole.epochs[: epoch + 1]
    assert not whole.stopped


def test_it_is_neither_tested_nor_validated_in_full(blobs: Dataset) -> None:
    class Untouchable(Split):
        def batches(self, *_: object, **__: object) -> object:  # type: ignore[override]
            raise AssertionError("was looked at")

    watched = blobs.validation.first(30)
    data = replace(blobs, test=Untouchable(blobs.test.inputs, blobs.test.targets), watched=30)
    training = trained(data, ALWAYS).training
    assert len(training.epochs) == 2
    assert training.epochs == trained(replace(blobs, validation=watched), ALWAYS).training.epochs
    assert (training.answers, training.gradients, training.test_loss, training.diverged) == ({}, (), None, False)


def test_it_is_judged_by_the_examples_that_it_is_watched_on(blobs: Dataset) -> None:
    watched = replace(blobs, watched=30)
    accuracy = trained(watched, None).training.epochs[1].val_accuracy
    assert not trained(watched, StopRule(1, accuracy)).training.stopped
    assert trained(watched, StopRule(1, accuracy + 0.001)).training.stopped


def test_a_rule_that_stops_nothing_changes_no_bit(blobs: Dataset) -> None:
    free, ruled = trained(blobs, None), trained(blobs, NEVER)
    assert ruled.training.epochs == free.training.epochs
    assert ruled.training.test_loss == free.training.test_loss
    assert ruled.training.gradients == free.training.gradients
    for name, tensor in free.checkpoint.state.items():
        assert torch.equal(tensor, ruled.checkpoint.state[name])
    assert ruled.rewind_point is not None


def test_one_that_is_no_longer_finite_diverged_before_it_could_be_stopped(blobs: Dataset) -> None:
    training = trained(blobs, StopRule(0, 1.0), max_lr=1e30).training
    assert training.diverged
    assert not training.stopped


@pytest.mark.parametrize("epoch", [3, 4, 99])
def test_a_rule_on_the_last_epoch_or_after_it_is_refused(blobs: Dataset, epoch: int) -> None:
    with pytest.raises(InputError, match=f"after epoch {epoch}, but the last of the 4 epochs is 3"):
        trained(blobs, StopRule(epoch, 0.5))


@pytest.mark.parametrize(("epoch", "below"), [(-1, 0.5), (0, -math.inf), (0, math.nan)])
def test_what_is_no_rule_is_refused(epoch: int, below: float) -> None:
    with pytest.raises(InputError, match="epoch of at least 0 and a finite score to reach"):
        StopRule(epoch, below)


@pytest.mark.parametrize("name", TOGETHER)
def test_one_that_is_stopped_does_not_disturb_the_others(name: str) -> None:
    engine, rules = ENGINES[name], (None, StopRule(0, 1.0), NEVER)
    free = loop.train([learner("mlp", rate, engine) for rate in RATES], DATA, seed=0, level=1, engine=engine)
    learners = [learner("mlp", rate, engine, stop=rule) for rate, rule in zip(RATES, rules, strict=True)]
    found = loop.train(learners, DATA, seed=0, level=1, engine=engine)
    assert [training.stopped for training in found] == [False, True, False]
    assert [len(training.epochs) for training in found] == [RECIPE.epochs, 1, RECIPE.epochs]
    for training, expected in zip(found, free, strict=True):
        assert training.epochs == expected.epochs[: len(training.epochs)]
        if not training.stopped:
            assert training.gradients == expected.gradients
            assert all(torch.equal(tensor, expected.last.state[key]) for key, tensor in training.last.state.items())


@pytest.mark.parametrize("name", TOGETHER)
def test_when_all_are_stopped_the_group_ends(name: str) -> None:
    learners = [learner("mlp", rate, ENGINES[name], stop=StopRule(0, 1.0)) for rate in RATES]
    found = loop.train(learners, DATA, seed=0, level=1, engine=ENGINES[name])
    assert [len(training.epochs) for training in found] == [1, 1, 1]


@pytest.mark.parametrize("name", ["eager", "channels-last"])
def test_engines_of_one_network_stop_it_too(name: str) -> None:
    kind = "mlp" if name == "eager" else "resnet-8"
    whole, stopped = alone(kind, 0.1, ENGINES[name]), alone(kind, 0.1, ENGINES[name], stop=StopRule(0, 1.0))
    assert stopped.stopped
    assert stopped.epochs == whole.epochs[:1]


def test_members_carry_their_rules(blobs: Dataset) -> None:
    members = [Member(protocol(), 0.001), Member(protocol(), 0.001, stop=ALWAYS)]
    found = [run_trials([member], blobs, seed=0, level=0, engine=EAGER)[0].training for member in members]
    assert [training.stopped for training in found] == [False, True]
