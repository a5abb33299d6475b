from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scyc import InputError, Measurement
from scyc.measured_schedules import Measured
from scyc.measuring import measure
from scyc.models import mlp
from scyc.optimizers import OptimizerSettings
from scyc.profiles import ConstantProfile
from scyc.protocol import Checkpoint, Protocol, Pruning
from scyc.pruning import Masks
from scyc.randomness import stream
from scyc.training.recipe import Recipe
from scyc.training.result import Snapshot, State
from scyc.trial import Trial, begin_level, run_trial
from scyc.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from scyc.data import Augmentation, Dataset
    from scyc.pruning import Rewind

KINDS: tuple[Measurement, ...] = get_args(Measurement)
STEPS_PER_EPOCH = 10  # 320 examples in batches of 32


def no_data() -> Dataset:
    raise AssertionError("A measurement is given its data.")


def network() -> nn.Module:
    return mlp(inputs=8, hidden=(16,), classes=4)


def with_batch_norm_and_dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 4))


def protocol(
    build_model: Callable[[], nn.Module] = network,
    rewind: Rewind = "weights",
    augmentation: Augmentation | None = None,
    recipe: Recipe | None = None,
) -> Protocol:
    return Protocol(
        Workload("test", build_model, no_data, augmentation),
        recipe or Recipe(epochs=3, batch_size=32),
        Pruning(rate=0.2, rewind=rewind, rewind_step=5),
    )


@pytest.fixture(scope="module")
def dense(blobs: Dataset) -> Trial:
    return run_trial(protocol(), blobs, seed=0, level=0, max_lr=0.1)


def at_level_1(kind: Measurement, chosen: Protocol, data: Dataset, dense: Trial) -> Measured:
    return measure(kind, chosen, data, seed=0, level=1, parent=dense.checkpoint, rewind_point=dense.rewind_point)


def filled(checkpoint: Checkpoint, value: float) -> Checkpoint:
    """The checkpoint with every weight the same."""
    return replace(checkpoint, state={name: torch.full_like(t, value) for name, t in checkpoint.state.items()})


@pytest.mark.parametrize("kind", KINDS)
class TestEveryMeasurement:
    def test_is_the_same_to_the_bit_and_leaves_nothing_behind(
        self, blobs: Dataset, dense: Trial, kind: Measurement
    ) -> None:
        before = {name: tensor.clone() for name, tensor in dense.checkpoint.state.items()}
        generator = torch.get_rng_state()
        first = at_level_1(kind, protocol(), blobs, dense)
        assert torch.equal(torch.get_rng_state(), generator)
        torch.rand(3)
        assert at_level_1(kind, protocol(), blobs, dense) == first
        assert all(torch.equal(tensor, before[name]) for name, tensor in dense.checkpoint.state.items())

    def test_is_a_number(self, blobs: Dataset, dense: Trial, kind: Measurement) -> None:
        measured = at_level_1(kind, protocol(), blobs, dense)
        assert 0 < measured.value < math.inf
        assert measured.epochs >= 0

    def test_does_not_change_the_trial_that_follows(self, blobs: Dataset, dense: Trial, kind: Measurement) -> None:
        def trial() -> State:
            return run_trial(
                protocol(),
                blobs,
                seed=0,
                level=1,
                max_lr=0.1,
                parent=dense.checkpoint,
                rewind_point=dense.rewind_point,
            ).checkpoint.state

        before = trial()
        at_level_1(kind, protocol(), blobs, dense)
        assert all(torch.equal(tensor, before[name]) for name, tensor in trial().items())

    def test_works_with_batch_norm_and_dropout(self, blobs: Dataset, kind: Measurement) -> None:
        chosen = protocol(with_batch_norm_and_dropout)
        parent = run_trial(chosen, blobs, seed=0, level=0, max_lr=0.1)
        assert at_level_1(kind, chosen, blobs, parent) == at_level_1(kind, chosen, blobs, parent)

    def test_needs_a_parent_above_the_dense_level(self, blobs: Dataset, kind: Measurement) -> None:
        with pytest.raises(InputError, match="at level 1 needs its parent's checkpoint"):
            measure(kind, protocol(), blobs, seed=0, level=1)

    def test_needs_data_for_a_batch(self, blobs: Dataset, kind: Measurement) -> None:
        with pytest.raises(InputError, match="fewer than one batch of 1000"):
            measure(kind, protocol(recipe=Recipe(batch_size=1000)), blobs, seed=0, level=0)


def test_an_unknown_measurement_is_refused(blobs: Dataset) -> None:
    with pytest.raises(InputError, match=r"^There is no measurement 'weight': choose norm-drop, .+\.$"):
        measure("weight", protocol(), blobs, seed=0, level=0)  # type: ignore[arg-type]


class TestNormDrop:
    @pytest.mark.parametrize("build_model", [network, with_batch_norm_and_dropout])
    @pytest.mark.parametrize("rewind", ["weights", "learning-rate", "reinit"])
    def test_is_that_of_the_parents_weights(
        self, blobs: Dataset, build_model: Callable[[], nn.Module], rewind: Rewind
    ) -> None:
        chosen = protocol(build_model, rewind)
        parent = run_trial(chosen, blobs, seed=0, level=0, max_lr=0.1)
        child = run_trial(
            chosen, blobs, seed=0, level=1, max_lr=0.1, parent=parent.checkpoint, rewind_point=parent.rewind_point
        )
        names = [name for name, _ in build_model().named_parameters()]
        whole = torch.cat([parent.checkpoint.state[name].flatten() for name in names])
        masks = child.checkpoint.masks.kept
        pruned = torch.cat(
            [(parent.checkpoint.state[name] * masks.get(name, torch.tensor(1.0))).flatten() for name in names]
        )
        expected = ((whole - pruned).norm() / whole.norm()).item()
        measured = at_level_1("norm-drop", chosen, blobs, parent)
        assert measured.value == pytest.approx(expected, rel=1e-5)
        assert 0.01 < measured.value < 0.5
        assert measured.epochs == 0

    def test_by_hand(self, blobs: Dataset) -> None:
        # 8 x 16 + 16 x 4 = 192 weights and 16 + 4 = 20 biases, all 1: of 212 squares, 38 are pruned.
        masks = Masks.dense(network(), ["0.weight", "2.weight"])
        parent = filled(Checkpoint(dict(network().state_dict()), masks), 1.0)
        measured = measure(
            "norm-drop",
            protocol(),
            blobs,
            seed=0,
            level=1,
            parent=parent,
            rewind_point=Snapshot(network().state_dict()),
        )
        assert measured.value == pytest.approx(math.sqrt(38 / 212), rel=1e-12)

    def test_of_the_dense_network_is_0(self, blobs: Dataset) -> None:
        assert measure("norm-drop", protocol(), blobs, seed=0, level=0) == Measured(0.0, 0.0)

    @pytest.mark.parametrize("value", [0.0, math.nan, math.inf])
    def test_of_an_unusable_network_is_refused(self, blobs: Dataset, dense: Trial, value: float) -> None:
        parent = replace(dense, checkpoint=filled(dense.checkpoint, value))
        with pytest.raises(InputError, match=rf"^The norm drop of level 1 with seed 0 cannot .+ is {value}; .+\.$"):
            at_level_1("norm-drop", protocol(), blobs, parent)


class TestGradientStd:
    def test_is_that_of_the_first_eight_batches_gradients(self, blobs: Dataset, dense: Trial) -> None:
        start = begin_level(
            protocol(), blobs, seed=0, level=1, parent=dense.checkpoint, rewind_point=dense.rewind_point
        )
        for name, mask in start.masks.kept.items():
            start.model.get_parameter(name).data[~mask] = 0
        order = torch.randperm(320, generator=stream("order", 0, 1, 0))
        samples = []
        for index in range(8):
            batch = order[32 * index :][:32]
            start.model.zero_grad()
            loss = F.cross_entropy(start.model(blobs.train.inputs[batch]), blobs.train.targets[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            for name, mask in start.masks.kept.items():
                gradient = start.model.get_parameter(name).grad
                assert gradient is not None
                samples += gradient[mask].tolist()
        assert len(samples) == 8 * 154  # the prunable weights that are left, without biases
        measured = at_level_1("gradient-std", protocol(), blobs, dense)
        assert measured.value == pytest.approx(torch.tensor(samples).double().std(correction=0).item(), rel=1e-5)
        assert measured.epochs == pytest.approx(8 / STEPS_PER_EPOCH)

    def test_depends_on_seed_level_and_rewind(self, blobs: Dataset, dense: Trial) -> None:
        values = [measure("gradient-std", protocol(), blobs, seed=seed, level=0).value for seed in (0, 1)]
        values += [at_level_1("gradient-std", protocol(rewind="learning-rate"), blobs, dense).value]
        values += [at_level_1("gradient-std", protocol(), blobs, dense).value]
        assert len(set(values)) == 4

    def test_goes_on_to_the_next_epochs_batches(self, blobs: Dataset) -> None:
        seen = Recorder()
        chosen = protocol(augmentation=seen, recipe=Recipe(epochs=3, batch_size=64))  # five batches an epoch
        assert measure("gradient-std", chosen, blobs, seed=0, level=0).epochs == pytest.approx(8 / 5)
        trained = Recorder()
        run_trial(
            replace(chosen, workload=replace(chosen.workload, augmentation=trained)), blobs, seed=0, level=0, max_lr=0.1
        )
        assert len(seen.batches) == 8
        assert all(torch.equal(*pair) for pair in zip(seen.batches, trained.batches[:8], strict=True))

    def test_of_gradients_that_vanish_is_refused(self, blobs: Dataset, dense: Trial) -> None:
        dead = filled(dense.checkpoint, 0.0)
        with pytest.raises(
            InputError, match=r"^The standard deviation of the gradients of level 1 with seed 0 is 0\.0;"
        ):
            measure("gradient-std", protocol(), blobs, seed=0, level=1, parent=dead, rewind_point=Snapshot(dead.state))

    def test_of_gradients_that_are_not_finite_is_refused(self, blobs: Dataset, dense: Trial) -> None:
        broken = filled(dense.checkpoint, math.nan)
        with pytest.raises(InputError, match="of the gradients of level 1 with seed 0 is nan;"):
            measure(
                "gradient-std", protocol(), blobs, seed=0, level=1, parent=broken, rewind_point=Snapshot(broken.state)
            )


class TestRangeTest:
    def test_is_the_rate_of_the_smallest_smoothed_loss_over_ten(self, blobs: Dataset, dense: Trial) -> None:
        """The range test written out once more."""
        start = begin_level(
            protocol(), blobs, seed=0, level=1, parent=dense.checkpoint, rewind_point=dense.rewind_point
        )
        optimizer = torch.optim.SGD(start.model.parameters(), lr=0.0, momentum=0.9, weight_decay=5e-4, fused=True)
        average, best, found = 0.0, math.inf, math.nan
        steps = 0
        for step in range(100):
            for name, mask in start.masks.kept.items():
                start.model.get_parameter(name).data[~mask] = 0
            epoch, index = divmod(step, STEPS_PER_EPOCH)
            batch = torch.randperm(320, generator=stream("order", 0, 1, epoch))[32 * index :][:32]
            rate = optimizer.param_groups[0]["lr"] = 1e-4 * 1e5 ** (step / 99)
            optimizer.zero_grad()
            loss = F.cross_entropy(start.model(blobs.train.inputs[batch]), blobs.train.targets[batch])
            average = 0.98 * average + 0.02 * loss.item()
            smoothed = average / (1 - 0.98 ** (step + 1))
            steps += 1
            if smoothed < best:
                best, found = smoothed, rate / 10
            if not smoothed <= 4 * best:
                break
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        measured = at_level_1("range-test", protocol(), blobs, dense)
        assert measured.value == pytest.approx(found, rel=1e-12)
        assert measured.epochs == steps / STEPS_PER_EPOCH
        assert 1e-4 < measured.value < 1

    def test_what_it_finds_trains(self, blobs: Dataset) -> None:
        found = measure("range-test", protocol(), blobs, seed=0, level=0).value
        recipe = Recipe(epochs=3, batch_size=32, profile=ConstantProfile())
        assert run_trial(protocol(recipe=recipe), blobs, seed=0, level=0, max_lr=found).training.val_accuracy > 0.8

    def test_takes_an_epoch_if_that_is_longer(self, blobs: Dataset) -> None:
        batches = Recorder()
        tiny = Recipe(epochs=1, batch_size=2, optimizer=OptimizerSettings(momentum=0.0))  # 160 batches an epoch
        measured = measure("range-test", protocol(augmentation=batches, recipe=tiny), blobs, seed=0, level=0)
        assert 100 < len(batches.batches) <= 160
        assert measured.epochs == len(batches.batches) / 160

    def test_stops_when_the_loss_blows_up(self, blobs: Dataset) -> None:
        bold = Recipe(epochs=1, batch_size=32, optimizer=OptimizerSettings(momentum=0.99))
        measured = measure("range-test", protocol(recipe=bold), blobs, seed=0, level=0)
        assert measured.epochs < 100 / STEPS_PER_EPOCH
        assert measured.value < 1

    def test_pruned_weights_stay_zero_meanwhile(self, blobs: Dataset, dense: Trial) -> None:
        watched: list[nn.Module] = []

        def watch() -> nn.Module:
            watched.append(network())
            return watched[-1]

        at_level_1("range-test", protocol(watch), blobs, dense)
        weights = torch.cat([watched[0].get_parameter(name).flatten() for name in ("0.weight", "2.weight")])
        assert int((weights == 0).sum()) == 38

    def test_a_loss_that_is_not_finite_from_the_start_is_refused(self, blobs: Dataset, dense: Trial) -> None:
        broken = filled(dense.checkpoint, math.nan)
        with pytest.raises(InputError, match=r"^The range test of level 1 with seed 0 found no .+ is nan before .+\.$"):
            measure(
                "range-test", protocol(), blobs, seed=0, level=1, parent=broken, rewind_point=Snapshot(broken.state)
            )


class Recorder:
    """Adds noise to each batch and keeps what it returned."""

    def __init__(self) -> None:
        self.batches: list[torch.Tensor] = []

    def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        self.batches.append(inputs + torch.randn(inputs.shape, generator=generator))
        return self.batches[-1]
