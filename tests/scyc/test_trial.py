from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from scyc import InputError
from scyc.models import mlp
from scyc.profiles import ConstantProfile
from scyc.protocol import Checkpoint, Protocol, Pruning
from scyc.pruning import CRITERIA, Masks, Rewind, Scope, prunable_weights
from scyc.training.evaluation import evaluate
from scyc.training.recipe import Recipe
from scyc.training.result import Snapshot, State
from scyc.trial import Trial, run_trial
from scyc.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scyc.data import Dataset

STEPS = 20
STANDSTILL = 1e-30  # a max_lr that moves no weight by as much as a bit: what is left is what was started from
REWINDS: list[Rewind] = ["weights", "learning-rate", "reinit"]


def no_data() -> Dataset:
    raise AssertionError("A trial is given its data.")


def network() -> nn.Module:
    return mlp(inputs=8, hidden=(16,), classes=4)


def with_batch_norm() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))


def protocol(
    build_model: Callable[[], nn.Module] = network,
    rewind: Rewind = "weights",
    rewind_step: int = 0,
    scope: Scope = "global",
    criterion: str = "magnitude",
) -> Protocol:
    return Protocol(
        Workload("test", build_model, no_data),
        Recipe(epochs=2, batch_size=32),
        Pruning(rate=0.2, criterion=criterion, scope=scope, rewind=rewind, rewind_step=rewind_step),
    )


def walk(protocol: Protocol, data: Dataset, max_lrs: list[float], seed: int = 0) -> list[Trial]:
    """One trial at each level, each from the trial before."""
    trials = [run_trial(protocol, data, seed=seed, level=0, max_lr=max_lrs[0])]
    for level, max_lr in enumerate(max_lrs[1:], start=1):
        trials.append(
            run_trial(
                protocol,
                data,
                seed=seed,
                level=level,
                max_lr=max_lr,
                parent=trials[-1].checkpoint,
                rewind_point=trials[0].rewind_point,
            )
        )
    return trials


def same(one: Mapping[Any, torch.Tensor], other: Mapping[Any, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def same_snapshot(one: Snapshot, other: Snapshot) -> bool:
    return same(one.state, other.state) and same(one.optimizer or {}, other.optimizer or {})


def same_trial(one: Trial, other: Trial) -> bool:
    without: dict[str, Any] = {"early": None, "last": Snapshot({}), "change": None, "answers": {}}
    return (
        replace(one.training, **without) == replace(other.training, **without)
        and same(one.training.answers, other.training.answers)
        and same(one.checkpoint.change or {}, other.checkpoint.change or {})
        and same(one.checkpoint.state, other.checkpoint.state)
        and same(one.checkpoint.masks.kept, other.checkpoint.masks.kept)
        and same_snapshot(one.training.last, other.training.last)
        and same_snapshot(one.rewind_point or Snapshot({}), other.rewind_point or Snapshot({}))
    )


def masked(state: State, checkpoint: Checkpoint) -> State:
    kept = checkpoint.masks.kept
    return {name: torch.where(kept[name], tensor, 0) if name in kept else tensor for name, tensor in state.items()}


@pytest.mark.parametrize("rewind_step", [0, 7])
def test_weights_start_the_next_level_from_the_rewind_point(blobs: Dataset, rewind_step: int) -> None:
    dense, sparse = walk(protocol(rewind_step=rewind_step), blobs, [0.1, STANDSTILL])
    assert dense.rewind_point is not None
    assert same(sparse.checkpoint.state, masked(dense.rewind_point.state, sparse.checkpoint))
    assert not same(sparse.checkpoint.state, masked(dense.checkpoint.state, sparse.checkpoint))


def test_learning_rate_starts_the_next_level_from_the_trained_weights(blobs: Dataset) -> None:
    dense, sparse, sparser = walk(protocol(rewind="learning-rate"), blobs, [0.1, STANDSTILL, STANDSTILL])
    for trial in (sparse, sparser):
        assert same(trial.checkpoint.state, masked(dense.checkpoint.state, trial.checkpoint))


def test_reinit_starts_each_level_from_new_weights(blobs: Dataset) -> None:
    by_seed = [walk(protocol(rewind="reinit"), blobs, [0.1, STANDSTILL, STANDSTILL], seed) for seed in (0, 0, 1)]
    firsts = [trials[1].checkpoint for trials in by_seed]
    assert same(firsts[0].state, firsts[1].state)
    # Biases are never masked: they show the draw as it was.
    biases = [trial.checkpoint.state["0.bias"] for trials in (by_seed[0], by_seed[2]) for trial in trials[1:]]
    dense = by_seed[0][0]
    assert dense.rewind_point is not None
    biases += [dense.checkpoint.state["0.bias"], dense.rewind_point.state["0.bias"]]
    assert len({tuple(bias.tolist()) for bias in biases}) == 6


@pytest.mark.parametrize("max_lr", [0.01, 0.5])
def test_reinit_draws_the_same_weights_whatever_the_parent(blobs: Dataset, max_lr: float) -> None:
    base = walk(protocol(rewind="reinit"), blobs, [0.1, STANDSTILL])[1].checkpoint.state
    other = walk(protocol(rewind="reinit"), blobs, [max_lr, STANDSTILL])[1].checkpoint.state
    assert torch.equal(other["0.bias"], base["0.bias"])


def test_the_mask_keeps_the_largest_weights_of_the_parent(blobs: Dataset) -> None:
    dense, sparse = walk(protocol(), blobs, [0.1, 0.1])
    names = prunable_weights(network())
    weights = torch.cat([dense.checkpoint.state[name].abs().flatten() for name in names])
    kept = torch.cat([sparse.checkpoint.masks.kept[name].flatten() for name in names])
    assert int(kept.sum()) == 154  # of 8 x 16 + 16 x 4 = 192
    assert weights[kept].min() > weights[~kept].max()


@pytest.mark.parametrize("rewind", REWINDS)
def test_density_is_exact_at_every_level(blobs: Dataset, rewind: Rewind) -> None:
    trials = walk(protocol(rewind=rewind), blobs, [0.1] * 4)
    assert [trial.checkpoint.masks.alive for trial in trials] == [192, 154, 123, 98]
    for trial in trials:
        for name, mask in trial.checkpoint.masks.kept.items():
            assert torch.equal(trial.checkpoint.state[name] != 0, mask)


PRUNING = {name: criterion for name, criterion in CRITERIA.items() if name != "none"}
CRITERIA_AND_SCOPES = [(name, scope) for name, criterion in PRUNING.items() for scope in criterion.scopes]


@pytest.mark.parametrize(("criterion", "scope"), CRITERIA_AND_SCOPES)
def test_every_criterion_prunes_level_after_level_and_repeats_to_the_bit(
    blobs: Dataset, criterion: str, scope: Scope
) -> None:
    chosen = protocol(criterion=criterion, scope=scope)
    trials = walk(chosen, blobs, [0.1] * 3)
    left = [trial.checkpoint.masks.alive for trial in trials]
    assert left == ([192, 154, 123] if scope == "global" else [192, 153, 123])
    assert all(same_trial(*pair) for pair in zip(trials, walk(chosen, blobs, [0.1] * 3), strict=True))


@pytest.mark.parametrize("criterion", ["random", "magnitude", "erk"])
def test_the_order_in_which_a_parent_keeps_its_masks_is_of_no_account(blobs: Dataset, criterion: str) -> None:
    chosen = protocol(criterion=criterion)
    dense = run_trial(chosen, blobs, seed=0, level=0, max_lr=0.1)
    parent = dense.checkpoint
    turned = replace(parent, masks=Masks(dict(reversed(parent.masks.kept.items()))))
    one, other = (
        run_trial(chosen, blobs, seed=0, level=1, max_lr=0.1, parent=each, rewind_point=dense.rewind_point)
        for each in (parent, turned)
    )
    assert same_trial(one, other)
    assert list(other.checkpoint.masks.kept) == list(parent.masks.kept)


def test_another_networks_masks_are_refused(blobs: Dataset) -> None:
    dense = run_trial(protocol(), blobs, seed=0, level=0, max_lr=0.1)
    fewer = Masks({name: mask for name, mask in dense.checkpoint.masks.kept.items() if name != "0.weight"})
    with pytest.raises(InputError, match=r"another network's.* has the prunable weights 0\.weight"):
        run_trial(
            protocol(),
            blobs,
            seed=0,
            level=1,
            max_lr=0.1,
            parent=replace(dense.checkpoint, masks=fewer),
            rewind_point=dense.rewind_point,
        )


def test_criteria_disagree_on_what_to_prune(blobs: Dataset) -> None:
    by_masks: dict[tuple[bool, ...], list[str]] = {}
    for criterion in PRUNING:
        masks = walk(protocol(criterion=criterion), blobs, [0.1] * 4, seed=2)[-1].checkpoint.masks
        kept = tuple(torch.cat([mask.flatten() for mask in masks.kept.values()]).tolist())
        by_masks.setdefault(kept, []).append(criterion)
    assert all(len(criteria) == 1 for criteria in by_masks.values()), by_masks.values()


def test_the_control_goes_through_the_levels_and_prunes_nothing(blobs: Dataset) -> None:
    trials = walk(protocol(criterion="none", rewind="learning-rate"), blobs, [0.1] * 3)
    assert [trial.checkpoint.masks.density for trial in trials] == [1.0] * 3
    assert not same(trials[1].checkpoint.state, trials[2].checkpoint.state)


def test_the_change_of_the_last_epoch_is_kept_only_where_it_is_needed(blobs: Dataset) -> None:
    plain = run_trial(protocol(), blobs, seed=0, level=0, max_lr=0.1).checkpoint
    asked = run_trial(protocol(criterion="weight-change"), blobs, seed=0, level=0, max_lr=0.1).checkpoint
    assert plain.change is None
    assert asked.change is not None
    assert asked.change.keys() == asked.masks.kept.keys()
    assert same(asked.state, plain.state)


def test_the_change_is_that_of_the_last_epoch_alone(blobs: Dataset) -> None:
    two = protocol(criterion="weight-change")
    one = replace(two, recipe=replace(two.recipe, epochs=1, profile=ConstantProfile()))
    two = replace(two, recipe=replace(two.recipe, profile=ConstantProfile()))
    after_one = run_trial(one, blobs, seed=0, level=0, max_lr=0.1).checkpoint
    after_two = run_trial(two, blobs, seed=0, level=0, max_lr=0.1).checkpoint
    assert after_two.change is not None
    for name, change in after_two.change.items():
        moved = after_two.state[name] - after_one.state[name]
        torch.testing.assert_close(change.abs(), moved.abs())


def test_scope_layer_prunes_each_layer_to_the_same_density(blobs: Dataset) -> None:
    trials = walk(protocol(scope="layer"), blobs, [0.1] * 3)
    counts = [[int(mask.sum()) for mask in trial.checkpoint.masks.kept.values()] for trial in trials]
    assert counts == [[128, 64], [102, 51], [82, 41]]


def test_only_the_dense_trial_has_a_rewind_point(blobs: Dataset) -> None:
    dense, sparse = walk(protocol(rewind_step=3), blobs, [0.1, 0.1])
    assert dense.rewind_point is not None
    assert sparse.rewind_point is None


@pytest.mark.parametrize("missing", ["parent", "rewind point", "both"])
def test_a_level_above_zero_needs_what_the_level_before_left(blobs: Dataset, missing: str) -> None:
    dense = run_trial(protocol(), blobs, seed=0, level=0, max_lr=0.1)
    with pytest.raises(InputError, match=r"^A trial at level 1 needs its parent's checkpoint and the rewind point\.$"):
        run_trial(
            protocol(),
            blobs,
            seed=0,
            level=1,
            max_lr=0.1,
            parent=dense.checkpoint if missing == "rewind point" else None,
            rewind_point=dense.rewind_point if missing == "parent" else None,
        )


def test_a_rewind_step_past_the_last_is_refused(blobs: Dataset) -> None:
    protocol(rewind_step=STEPS).check(blobs)
    late = protocol(rewind_step=STEPS + 1)
    for attempt in (late.check, lambda data: run_trial(late, data, seed=0, level=0, max_lr=0.1)):
        with pytest.raises(InputError, match=r"^rewind_step is 21, but a level has only 20 steps; .+\.$"):
            attempt(blobs)


@pytest.mark.parametrize("rewind", REWINDS)
def test_the_same_trials_give_the_same_bits_whatever_ran_before(blobs: Dataset, rewind: Rewind) -> None:
    first = walk(protocol(rewind=rewind, rewind_step=5), blobs, [0.1, 0.2, 0.1])
    torch.rand(17)
    walk(protocol(with_batch_norm), blobs, [0.3, 0.1], seed=9)
    second = walk(protocol(rewind=rewind, rewind_step=5), blobs, [0.1, 0.2, 0.1])
    assert all(same_trial(one, other) for one, other in zip(first, second, strict=True))


def test_different_seeds_differ(blobs: Dataset) -> None:
    starts = [run_trial(protocol(), blobs, seed=seed, level=0, max_lr=STANDSTILL).checkpoint.state for seed in (0, 1)]
    assert not same(*starts)


def test_candidates_of_different_max_lr_start_from_the_same_weights(blobs: Dataset) -> None:
    points = [run_trial(protocol(), blobs, seed=0, level=0, max_lr=max_lr).rewind_point for max_lr in (0.01, 0.5)]
    assert points[0] is not None
    assert points[1] is not None
    assert same_snapshot(points[0], points[1])


def test_what_a_trial_is_given_stays_as_it_is(blobs: Dataset) -> None:
    for rewind in REWINDS:
        dense = run_trial(protocol(rewind=rewind), blobs, seed=0, level=0, max_lr=0.1)
        assert dense.rewind_point is not None
        given = [dense.checkpoint.state, dense.rewind_point.state, dense.checkpoint.masks.kept]
        copies = [{name: tensor.clone() for name, tensor in state.items()} for state in given]
        run_trial(
            protocol(rewind=rewind),
            blobs,
            seed=0,
            level=1,
            max_lr=0.3,
            parent=dense.checkpoint,
            rewind_point=dense.rewind_point,
        )
        assert all(same(state, copy) for state, copy in zip(given, copies, strict=True))


def test_the_default_generator_is_left_alone(blobs: Dataset) -> None:
    before = torch.get_rng_state()
    walk(protocol(rewind="reinit"), blobs, [0.1, 0.1])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("rewind", "rewind_step", "steps_counted"),
    [("weights", 0, STEPS), ("weights", 7, STEPS + 7), ("learning-rate", 0, 2 * STEPS), ("reinit", 0, STEPS)],
)
def test_buffers_of_batch_normalisation_are_rewound_with_the_weights(
    blobs: Dataset, rewind: Rewind, rewind_step: int, steps_counted: int
) -> None:
    dense, sparse = walk(protocol(with_batch_norm, rewind, rewind_step), blobs, [0.1, 0.1])
    assert dense.checkpoint.state["1.num_batches_tracked"] == STEPS
    assert sparse.checkpoint.state["1.num_batches_tracked"] == steps_counted
    assert sparse.checkpoint.masks.kept.keys() == {"0.weight", "3.weight"}
    assert sparse.training.test_accuracy > 0.9


@pytest.mark.parametrize("build_model", [network, with_batch_norm])
def test_the_checkpoint_is_the_network_that_was_measured(blobs: Dataset, build_model: Callable[[], nn.Module]) -> None:
    for trial in walk(protocol(build_model), blobs, [0.1, 0.1]):
        model = build_model()
        model.load_state_dict(trial.checkpoint.state)
        assert evaluate(model, blobs.test) == (trial.training.test_loss, trial.training.test_accuracy)
        assert evaluate(model, blobs.validation)[1] == trial.training.val_accuracy


def test_augmentation_comes_from_the_workload(blobs: Dataset) -> None:
    def blank(inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return torch.zeros_like(inputs)

    blind = replace(protocol(), workload=Workload("blind", network, no_data, blank))
    assert run_trial(blind, blobs, seed=0, level=0, max_lr=0.1).training.test_accuracy < 0.8
    assert run_trial(protocol(), blobs, seed=0, level=0, max_lr=0.1).training.test_accuracy > 0.9
