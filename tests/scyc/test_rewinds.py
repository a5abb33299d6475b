"""What each of the papers' rewinds keeps, against their step-by-step lists written out with plain PyTorch."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scyc import InputError
from scyc.optimizers import OptimizerSettings
from scyc.profiles import ConstantProfile
from scyc.protocol import Checkpoint, Protocol, Pruning
from scyc.randomness import stream
from scyc.training.recipe import Recipe
from scyc.trial import Trial, run_trial
from scyc.workloads import Workload

if TYPE_CHECKING:
    from scyc.data import Dataset
    from scyc.pruning import Masks

MAX_LR, BATCH, STEPS_PER_EPOCH, EPOCHS = 0.05, 32, 10, 2
REWIND_STEP = 7

PAPERS: dict[str, dict[str, Any]] = {
    # Frankle & Carbin 2019: everything back to the initialisation, a new optimizer.
    "IMP": {"rewind": "weights", "rewind_step": 0},
    # Renda et al. 2020: everything, the optimizer too, back to an early step.
    "WR": {"rewind": "weights", "rewind_step": REWIND_STEP, "optimizer_state": "with-weights"},
    # Gadhikar & Burkholz 2024, "IMP": parameters and optimizer back, running statistics kept.
    "IMP, imp-lrr-lts": {
        "rewind": "weights",
        "rewind_step": REWIND_STEP,
        "optimizer_state": "with-weights",
        "statistics": "trained",
    },
    # Renda et al. 2020; Gadhikar & Burkholz 2024: nothing is reset but the learning rate.
    "LRR": {"rewind": "learning-rate", "optimizer_state": "with-weights"},
    # The same with a new optimizer, this project's default.
    "LRR, fresh optimizer": {"rewind": "learning-rate"},
}
OPTIMIZERS = [OptimizerSettings(), OptimizerSettings("adamw", weight_decay=0.01), OptimizerSettings(momentum=0.0)]


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))


def no_data() -> Dataset:
    raise AssertionError("A trial is given its data.")


def protocol(optimizer: OptimizerSettings | None = None, **pruning: Any) -> Protocol:
    recipe = Recipe(EPOCHS, BATCH, ConstantProfile(), optimizer or OptimizerSettings())
    return Protocol(Workload("test", network, no_data), recipe, Pruning(rate=0.3, **pruning))


def levels(chosen: Protocol, data: Dataset, count: int) -> list[Trial]:
    trials = [run_trial(chosen, data, seed=0, level=0, max_lr=MAX_LR)]
    for level in range(1, count):
        left = {"parent": trials[-1].checkpoint, "rewind_point": trials[0].rewind_point}
        trials.append(run_trial(chosen, data, seed=0, level=level, max_lr=MAX_LR, **left))  # type: ignore[arg-type]
    return trials


class ByTheList:
    """The loop that the papers describe, with one network and one optimizer from the first step to the last."""

    def __init__(self, data: Dataset, settings: OptimizerSettings, rewind_step: int) -> None:
        self.data, self.settings, self.rewind_step = data, settings, rewind_step
        self.model = network()
        self.early: Any = None

    def start_from(self, state: dict[str, torch.Tensor]) -> None:
        self.model.load_state_dict(state)
        self.renew()

    def renew(self) -> None:
        self.optimizer = self.settings.build(self.model)
        self.optimizer.param_groups[0]["lr"] = MAX_LR

    def train(self, level: int, masks: Masks) -> None:
        weights = dict(self.model.named_parameters())

        def hold() -> None:
            for name, mask in masks.kept.items():
                weights[name].data[~mask] = 0

        hold()
        for step in range(EPOCHS * STEPS_PER_EPOCH):
            if level == 0 and step == self.rewind_step:
                self.remember()
            epoch, index = divmod(step, STEPS_PER_EPOCH)
            order = torch.randperm(320, generator=stream("order", 0, level, epoch))
            batch = order[BATCH * index :][:BATCH]
            self.model.train()
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(self.data.train.inputs[batch]), self.data.train.targets[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            hold()

    def remember(self) -> None:
        self.early = deepcopy((self.model.state_dict(), self.optimizer.state_dict()))

    def rewind(self, pruning: Pruning) -> None:
        if pruning.rewind == "weights":
            state, remembered = deepcopy(self.early)
            if pruning.statistics == "trained":
                state = {name: tensor for name, tensor in state.items() if name.endswith((".weight", ".bias"))}
            self.model.load_state_dict(state, strict=False)
            self.optimizer.load_state_dict(remembered)
        if pruning.optimizer_state == "fresh":
            self.renew()


@pytest.mark.slow
@pytest.mark.parametrize("settings", OPTIMIZERS, ids=["momentum", "adamw", "no momentum"])
@pytest.mark.parametrize("paper", PAPERS)
def test_each_rewind_keeps_what_its_list_says(blobs: Dataset, paper: str, settings: OptimizerSettings) -> None:
    chosen = protocol(settings, **PAPERS[paper])
    trials = levels(chosen, blobs, 3)
    initial = protocol(settings, rewind_step=0)
    start = run_trial(initial, blobs, seed=0, level=0, max_lr=MAX_LR).rewind_point
    assert start is not None
    reference = ByTheList(blobs, settings, chosen.pruning.rewind_step)
    reference.start_from(start.state)
    for level, trial in enumerate(trials):
        if level:
            reference.rewind(chosen.pruning)
        reference.train(level, trial.checkpoint.masks)
        found, expected = trial.checkpoint.state, reference.model.state_dict()
        assert found.keys() == expected.keys()
        for name, tensor in expected.items():
            assert torch.equal(found[name], tensor), (level, name)


def test_the_lists_differ(blobs: Dataset) -> None:
    ends = {name: levels(protocol(**pruning), blobs, 2)[-1].checkpoint.state for name, pruning in PAPERS.items()}
    assert len({tuple(end["3.bias"].tolist() + end["1.running_var"].tolist()) for end in ends.values()}) == len(PAPERS)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("settings", OPTIMIZERS, ids=["momentum", "adamw", "no momentum"])
def test_pruned_weights_stay_zero_whatever_the_optimizer_remembers(
    blobs: Dataset, paper: str, settings: OptimizerSettings
) -> None:
    for trial in levels(protocol(settings, **PAPERS[paper]), blobs, 3):
        for name, mask in trial.checkpoint.masks.kept.items():
            assert not trial.checkpoint.state[name][~mask].any()


def test_the_optimizer_is_kept_only_where_it_is_needed(blobs: Dataset) -> None:
    plain, asked = (
        run_trial(protocol(**PAPERS[name]), blobs, seed=0, level=0, max_lr=MAX_LR) for name in ("IMP", "LRR")
    )
    assert plain.checkpoint.optimizer is None
    assert asked.checkpoint.optimizer is not None
    assert asked.checkpoint.optimizer.keys() == {f"momentum_buffer/{name}" for name, _ in network().named_parameters()}
    assert all(
        torch.equal(plain.checkpoint.state[name], asked.checkpoint.state[name]) for name in plain.checkpoint.state
    )


@pytest.mark.parametrize("rewind", ["weights", "learning-rate"])
def test_a_parent_that_did_not_keep_its_optimizer_is_refused(blobs: Dataset, rewind: Any) -> None:
    dense = run_trial(protocol(rewind=rewind), blobs, seed=0, level=0, max_lr=MAX_LR)
    late = protocol(rewind=rewind, rewind_step=REWIND_STEP, optimizer_state="with-weights")
    with pytest.raises(InputError, match=r"that level did not keep it; train that level with the same setting\.$"):
        run_trial(
            late,
            blobs,
            seed=0,
            level=1,
            max_lr=MAX_LR,
            parent=dense.checkpoint,
            rewind_point=dense.rewind_point,
        )


@pytest.mark.parametrize(
    "chosen",
    [
        protocol(OptimizerSettings(momentum=0.0), rewind="learning-rate", optimizer_state="with-weights"),
        protocol(rewind="weights", rewind_step=0, optimizer_state="with-weights"),
    ],
    ids=["without momentum", "before the first step"],
)
def test_there_may_be_nothing_to_remember(blobs: Dataset, chosen: Protocol) -> None:
    """Then nothing is what a checkpoint that was written to a file says."""
    dense, sparse = levels(chosen, blobs, 2)
    assert dense.rewind_point is not None
    again = run_trial(
        chosen,
        blobs,
        seed=0,
        level=1,
        max_lr=MAX_LR,
        parent=replace(dense.checkpoint, optimizer=dense.checkpoint.optimizer or None),
        rewind_point=replace(dense.rewind_point, optimizer=dense.rewind_point.optimizer or None),
    )
    assert torch.equal(again.checkpoint.state["3.bias"], sparse.checkpoint.state["3.bias"])


def test_new_weights_with_an_old_optimizer_are_refused() -> None:
    with pytest.raises(InputError, match="reinit"):
        Pruning(rewind="reinit", optimizer_state="with-weights")


def test_batch_norms_scales_are_pruned_where_asked(blobs: Dataset) -> None:
    last: Checkpoint = levels(protocol(batch_norm=True), blobs, 3)[-1].checkpoint
    assert list(last.masks.kept) == ["0.weight", "1.weight", "3.weight"]
    assert last.masks.total == 8 * 16 + 16 + 16 * 4
    assert torch.equal(last.state["1.weight"] != 0, last.masks.kept["1.weight"])
    assert "1.weight" not in levels(protocol(), blobs, 1)[0].checkpoint.masks.kept
