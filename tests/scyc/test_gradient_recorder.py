"""The distribution of gradients: known values, of which gradients and mini-batches, and that it changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scyc import gradient_recorder
from scyc.gradient_recorder import GradientRecorder
from scyc.gradients import HISTOGRAM_EDGES, POINTS, QUANTILES, WINDOW, GradientSummary
from scyc.models import mlp
from scyc.pruning import Masks, magnitude, prunable_weights, prune
from scyc.randomness import seeded
from scyc.training import learner
from scyc.training.loop import train_one
from scyc.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.data import Dataset

RECIPE = Recipe(epochs=4, batch_size=30)  # ten steps an epoch
STEPS = 40


def summarised(values: Sequence[float] | torch.Tensor, kept: Sequence[bool] | None = None) -> GradientSummary | None:
    """The summary of one mini-batch with these gradients."""
    grad = torch.as_tensor(values, dtype=torch.float32)
    model = nn.Linear(len(grad), 1, bias=False)
    mask = torch.ones(len(grad), dtype=torch.bool) if kept is None else torch.tensor(kept)
    recorder = GradientRecorder(model, Masks({"weight": mask[None]}), steps=1)
    model.weight.grad = grad[None].clone()
    recorder.record(0)
    return next(iter(recorder.summaries()), None)


def sure(summary: GradientSummary | None) -> GradientSummary:
    assert summary is not None
    return summary


def network() -> nn.Sequential:
    with seeded("test network", 0):
        return mlp(inputs=8, hidden=(16,), classes=4)


def half(model: nn.Module) -> Masks:
    dense = Masks.dense(model, prunable_weights(model))
    return prune(magnitude(model.state_dict(), dense), dense, rate=0.5, level=1)


class TestKnownValues:
    def test_moments(self) -> None:
        summary = sure(summarised([-3.0, 1.0, 1.0, 1.0]))
        assert (summary.point, summary.count, summary.mean) == ("start", 4, 0.0)
        assert summary.std == pytest.approx(math.sqrt(3))
        assert summary.kurtosis == pytest.approx(21 / 9)

    def test_moments_of_gradients_that_are_not_centred(self) -> None:
        summary = sure(summarised([7.0, 11.0, 11.0, 11.0]))
        assert (summary.mean, summary.std, summary.kurtosis) == pytest.approx((10.0, math.sqrt(3), 21 / 9))

    def test_histogram(self) -> None:
        edge = HISTOGRAM_EDGES.index(0.25)
        summary = sure(summarised([0.3, 0.25, 0.5, -0.3, 0.0, -0.0, 1e-9, -1e-40, 128.0, 1e30, -1e30]))
        expected = [0] * (len(HISTOGRAM_EDGES) + 1)
        expected[edge + 1] = 2  # 0.25 itself lies farther from zero than the edge
        expected[edge + 2] = 1
        expected[-edge - 2] = 1
        expected[len(expected) // 2] = 4
        expected[-1] = 2
        expected[0] = 1
        assert list(summary.histogram) == expected

    def test_edges_are_symmetric_and_a_factor_of_two_apart(self) -> None:
        assert len(HISTOGRAM_EDGES) < 100
        assert list(HISTOGRAM_EDGES) == sorted(HISTOGRAM_EDGES) == [-edge for edge in reversed(HISTOGRAM_EDGES)]
        positive = HISTOGRAM_EDGES[len(HISTOGRAM_EDGES) // 2 :]
        assert {high / low for low, high in pairwise(positive)} == {2.0}
        assert positive[0] <= 1e-8
        assert positive[-1] >= 1e2

    def test_of_normal_gradients(self) -> None:
        values = 1e-3 * torch.randn(200_000, generator=torch.Generator().manual_seed(0))
        summary = sure(summarised(values))
        assert summary.std == pytest.approx(1e-3, rel=0.01)
        assert summary.kurtosis == pytest.approx(3, abs=0.05)
        # Of the standard normal distribution, from a table.
        expected = np.array([-2.3263, -1.6449, -0.6745, 0.0, 0.6745, 1.6449, 2.3263])
        assert np.array(summary.quantiles) == pytest.approx(1e-3 * expected, abs=2e-5)

    @pytest.mark.parametrize("value", [0.0, 0.3, -1e-6])
    def test_equal_gradients_have_no_kurtosis(self, value: float) -> None:
        summary = sure(summarised([value] * 50))
        assert (summary.std, summary.kurtosis) == (0.0, None)
        assert summary.mean == pytest.approx(value)
        assert summary.quantiles == pytest.approx([value] * len(QUANTILES), rel=1 / 32)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_a_gradient_that_is_not_finite_leaves_the_summary_out(self, value: float) -> None:
        assert summarised([0.1, value, 0.2]) is None
        assert summarised([0.1, value, 0.2], [True, False, True]) is None

    def test_the_largest_floats_do_not_overflow(self) -> None:
        largest = float(np.finfo(np.float32).max)
        summary = sure(summarised([largest, -largest]))
        assert (summary.mean, summary.std, summary.kurtosis) == pytest.approx((0.0, largest, 1.0))
        assert all(map(math.isfinite, summary.quantiles))


GRADIENTS = st.lists(st.tuples(st.floats(-1e6, 1e6, width=32), st.booleans()), min_size=1, max_size=60)


@given(GRADIENTS)
@settings(deadline=None)
def test_says_of_any_gradients_what_numpy_says(pairs: list[tuple[float, bool]]) -> None:
    values, kept = [list(part) for part in zip(*pairs, strict=True)]
    left = np.array([value for value, keep in pairs if keep])
    summary = summarised(values, kept)
    if not len(left):
        assert summary is None
        return
    summary = sure(summary)
    scale = np.abs(left).max()
    assert summary.count == len(left) == sum(summary.histogram)
    assert summary.mean == pytest.approx(left.mean(), abs=1e-12 * scale)
    assert summary.std == pytest.approx(left.std(), abs=2e-6 * scale)
    assert summary.kurtosis is None or summary.kurtosis >= 1
    assert list(summary.quantiles) == sorted(summary.quantiles)
    for q, found in zip(QUANTILES, summary.quantiles, strict=True):
        exact = float(np.quantile(left, q, method="inverted_cdf"))
        assert found == pytest.approx(exact, rel=1 / 32, abs=float(np.finfo(np.float32).tiny))
    bins = [np.sum(np.searchsorted(HISTOGRAM_EDGES, left[left > 0], side="right") == i) for i in range(36, 71)]
    assert list(summary.histogram[36:]) == bins


class Shown:
    """Keeps what the network is shown, and with it the model's weights at that time."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.seen: list[tuple[torch.Tensor, dict[str, torch.Tensor]]] = []

    def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        state = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.seen.append((inputs.clone(), state))
        return inputs


@pytest.mark.parametrize("piece", [2**20, 100])
def test_pools_the_weights_left_over_the_windows_mini_batches(
    blobs: Dataset, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(gradient_recorder, "_PIECE", piece)
    model, again = network(), network()
    masks, shown = half(model), Shown(model)
    found = train_one(model, masks, blobs, RECIPE, max_lr=0.2, seed=0, level=1, augmentation=shown).gradients
    targets = {tuple(row): target for row, target in zip(blobs.train.inputs.tolist(), blobs.train.targets, strict=True)}
    assert [summary.point for summary in found] == list(POINTS)
    for summary, start in zip(found, (0, 20, 32), strict=True):
        pooled = []
        for inputs, state in shown.seen[start : start + WINDOW]:
            again.load_state_dict(state)
            loss = F.cross_entropy(again(inputs), torch.stack([targets[tuple(row)] for row in inputs.tolist()]))
            for name, mask in masks.kept.items():
                (grad,) = torch.autograd.grad(loss, again.get_parameter(name), retain_graph=True)
                pooled.append(grad[mask].double())
        left = torch.cat(pooled)
        assert summary.count == len(left) == WINDOW * masks.alive
        assert summary.mean == pytest.approx(left.mean().item(), rel=1e-5, abs=1e-9)
        assert summary.std == pytest.approx(left.std(unbiased=False).item(), rel=1e-5)
        fourth = ((left - left.mean()) ** 4).mean() / left.var(unbiased=False) ** 2
        assert summary.kurtosis == pytest.approx(fourth.item(), rel=1e-5)
        assert sum(summary.histogram) == summary.count


class Unheard:
    """In place of a recorder, does nothing."""

    def __init__(self, *args: Any) -> None: ...

    def record(self, step: int) -> None: ...

    def summaries(self) -> tuple[GradientSummary, ...]:
        return ()


def test_the_training_is_the_same_to_the_bit_without_it(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded, bare = network(), network()
    one = train_one(recorded, half(recorded), blobs, RECIPE, max_lr=0.2, seed=0, level=1)
    monkeypatch.setattr(learner, "GradientRecorder", Unheard)
    other = train_one(bare, half(bare), blobs, RECIPE, max_lr=0.2, seed=0, level=1)
    assert len(one.gradients) == 3
    assert replace(one, gradients=(), last=other.last, answers=other.answers) == other
    assert one.answers.keys() == other.answers.keys()
    assert all(torch.equal(answers, other.answers[split]) for split, answers in one.answers.items())
    assert all(torch.equal(tensor, bare.state_dict()[name]) for name, tensor in recorded.state_dict().items())


def test_the_same_training_gives_the_same_summaries(blobs: Dataset) -> None:
    def once() -> tuple[GradientSummary, ...]:
        model = network()
        return train_one(model, half(model), blobs, RECIPE, max_lr=0.2, seed=0, level=1).gradients

    assert once() == once()


def test_a_training_that_diverges_has_no_end(blobs: Dataset) -> None:
    model = network()
    masks = Masks.dense(model, prunable_weights(model))
    found = train_one(model, masks, blobs, replace(RECIPE, epochs=20), max_lr=1e30, seed=0, level=0)
    assert found.diverged
    assert "end" not in [summary.point for summary in found.gradients]
    for summary in found.gradients:
        assert all(map(math.isfinite, (summary.mean, summary.std, *summary.quantiles)))


def test_a_window_that_was_cut_short_is_left_out() -> None:
    model = nn.Linear(4, 1)
    recorder = GradientRecorder(model, Masks.dense(model, ["weight"]), steps=STEPS)
    model.weight.grad = torch.ones(1, 4)
    for step in range(23):
        recorder.record(step)
    assert [summary.point for summary in recorder.summaries()] == ["start"]


def test_a_weight_that_the_loss_does_not_need_has_zero_gradients() -> None:
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(6, 1, bias=False))
    recorder = GradientRecorder(model, Masks.dense(model, ["0.weight", "1.weight"]), steps=1)
    model.get_parameter("0.weight").grad = torch.tensor([[4.0, -4.0]])
    recorder.record(0)
    (summary,) = recorder.summaries()
    assert (summary.count, summary.std) == (8, 2.0)
    assert summary.histogram[len(summary.histogram) // 2] == 6


def test_biases_and_batch_norm_do_not_count(blobs: Dataset) -> None:
    with seeded("test network", 0):
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))
    masks = Masks.dense(model, prunable_weights(model))
    found = train_one(model, masks, blobs, RECIPE, max_lr=0.1, seed=0, level=0).gradients
    assert {summary.count for summary in found} == {WINDOW * (8 * 16 + 16 * 4)}


def test_a_network_of_which_nothing_is_left_has_no_summary(blobs: Dataset) -> None:
    model = network()
    masks = Masks({name: torch.zeros_like(model.get_parameter(name), dtype=torch.bool) for name in ("0.weight",)})
    assert train_one(model, masks, blobs, RECIPE, max_lr=0.1, seed=0, level=1).gradients == ()
