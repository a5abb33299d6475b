"""Signs and masks: agreement, flips, perturbation, interventions, overlap."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scyc import InputError
from scyc.protocol import Checkpoint
from scyc.pruning import Masks
from scyc.signs import (
    Agreement,
    FixedSigns,
    SignPerturbation,
    batch_norm_entries,
    flip_signs,
    mask_overlap,
    pooled,
    reset_entries,
    shuffle_magnitudes,
    sign_agreement,
    sign_flips,
    with_signs_of,
)

seeds, fractions = st.integers(0, 1000), st.floats(0, 1)


def masks(*kept: int) -> Masks:
    return Masks({"w": torch.tensor(kept, dtype=torch.bool)})


def state(*values: float) -> dict[str, torch.Tensor]:
    return {"w": torch.tensor(values), "b": torch.tensor([7.0])}


def network(seed: int) -> tuple[dict[str, torch.Tensor], Masks]:
    """Two layers, about half of their weights pruned."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"a": (4, 5), "b": (3,)}
    kept = Masks({name: torch.rand(shape, generator=generator) < 0.5 for name, shape in shapes.items()})
    weights = {name: torch.randn(shape, generator=generator) * kept.kept[name] for name, shape in shapes.items()}
    return weights | {"bias": torch.ones(2)}, kept


class TestAgreement:
    def test_by_hand(self) -> None:
        found = sign_agreement(state(1, -2, 3, -4, 0), state(5, 6, -7, -8, 0), masks(1, 1, 0, 1, 0))
        assert found == {"w": Agreement(total=5, left=3, same=2)}
        [layer] = found.values()
        assert (layer.density, layer.flipped, layer.fraction) == (0.6, 1, 2 / 3)

    def test_is_that_of_the_authors_count(self) -> None:
        one, kept = network(0)
        other = {name: torch.randn_like(one[name]) * mask for name, mask in kept.kept.items()}
        for name, found in sign_agreement(one, other, kept).items():
            same = (one[name].sign() == other[name].sign()).sum() - (~kept.kept[name]).sum()
            assert found.same == int(same)

    def test_zero_agrees_with_zero_alone_and_nan_with_nothing(self) -> None:
        one, other = state(0, 0, math.nan, math.nan, -0.0), state(0, 1, math.nan, 0, 0)
        assert sign_agreement(one, other, masks(1, 1, 1, 1, 1))["w"].same == 2

    def test_layers_are_pooled_by_their_weights(self) -> None:
        assert pooled([Agreement(4, 2, 2), Agreement(6, 3, 0)]) == Agreement(10, 5, 2)
        assert Agreement(4, 0, 0).fraction is None

    @given(seeds, seeds)
    def test_is_symmetric_and_whole_with_itself(self, one: int, other: int) -> None:
        (first, kept), (second, _) = network(one), network(other)
        assert sign_agreement(first, second, kept) == sign_agreement(second, first, kept)
        assert all(layer.flipped == 0 for layer in sign_agreement(first, first, kept).values())

    def test_flips_along_a_path(self) -> None:
        path = [
            Checkpoint(state(1, 1, 1), masks(1, 1, 1)),
            Checkpoint(state(-1, 1, -1), masks(1, 1, 1)),
            Checkpoint(state(-1, -1, 0), masks(1, 1, 0)),
        ]
        assert [(step["w"].flipped, step["w"].left) for step in sign_flips(path)] == [(2, 3), (1, 2)]
        assert sign_flips(path[:1]) == []

    def test_another_network_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"w has the shape \(2,\)"):
            sign_agreement(state(1, 2, 3), state(1, 2), masks(1, 1, 1))
        with pytest.raises(InputError, match="w is missing"):
            sign_agreement({}, state(1), masks(1))


class TestPerturbation:
    @given(seeds, fractions, seeds, st.integers(1, 9))
    def test_flips_the_fraction_inside_the_mask_and_nothing_else(
        self, network_seed: int, fraction: float, seed: int, step: int
    ) -> None:
        before, kept = network(network_seed)
        after = flip_signs(before, kept, fraction, seed=seed, step=step)
        assert after.keys() == before.keys()
        assert torch.equal(after["bias"], before["bias"])
        for name, layer in sign_agreement(before, after, kept).items():
            assert layer.flipped == round(fraction * layer.left)
            assert torch.equal(after[name].abs(), before[name].abs())
            assert not after[name][~kept.kept[name]].any()
        again = flip_signs(before, kept, fraction, seed=seed, step=step)
        assert all(torch.equal(after[name], again[name]) for name in after)
        back = flip_signs(after, kept, fraction, seed=seed, step=step)
        assert all(torch.equal(back[name], before[name]) for name in before)

    def test_other_steps_and_seeds_flip_others(self) -> None:
        before, kept = {"w": torch.ones(200)}, Masks({"w": torch.ones(200, dtype=torch.bool)})
        flipped = [flip_signs(before, kept, seed=seed, step=step)["w"] for seed, step in [(0, 1), (0, 2), (1, 1)]]
        assert all(int((weights < 0).sum()) == 60 for weights in flipped)
        assert len({tuple(weights.tolist()) for weights in flipped}) == 3

    def test_the_hook_flips_every_few_epochs(self) -> None:
        model = nn.Linear(10, 10)
        kept = Masks({"weight": torch.rand(10, 10) < 0.5})
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        hook = SignPerturbation(model, kept, fraction=0.4, every=2, seed=3)
        assert [hook(epochs) for epochs in (0, 1)] == [False, False]
        assert torch.equal(model.weight, before["weight"])
        assert hook(2)
        assert torch.equal(model.weight, flip_signs(before, kept, 0.4, seed=3, step=2)["weight"])
        assert [hook(epochs) for epochs in (3, 4, 5)] == [False, True, False]
        assert model.weight.requires_grad

    def test_bad_input_is_refused(self) -> None:
        with pytest.raises(InputError, match="from 0 to 1"):
            flip_signs(state(1), masks(1), 1.5, seed=0, step=0)
        with pytest.raises(InputError, match="every is 0"):
            SignPerturbation(nn.Linear(1, 1), Masks({}), every=0, seed=0)


class TestInterventions:
    def test_signs_of_another_by_hand(self) -> None:
        found = with_signs_of(state(1, -2, 3, -4), state(-9, 9, 0, 9), masks(1, 1, 1, 0))
        assert found["w"].tolist() == [-1, 2, 3, -4]
        assert found["b"].tolist() == [7]

    @given(seeds, seeds)
    def test_magnitudes_of_one_and_signs_of_the_other(self, one: int, other: int) -> None:
        (learned, kept), (early, _) = network(one), network(other)
        early = {name: tensor + 0.01 for name, tensor in early.items()}
        found = with_signs_of(learned, early, kept)
        assert all(torch.equal(found[name].abs(), learned[name].abs()) for name in learned)
        assert pooled(sign_agreement(found, early, kept).values()).flipped == 0
        back = with_signs_of(found, learned, kept)
        assert all(torch.equal(back[name], learned[name]) for name in learned)

    @given(seeds, seeds)
    def test_shuffling_keeps_signs_and_the_set_of_magnitudes(self, one: int, seed: int) -> None:
        before, kept = network(one)
        after = shuffle_magnitudes(before, kept, seed=seed)
        assert pooled(sign_agreement(before, after, kept).values()).flipped == 0
        for name, mask in kept.kept.items():
            assert torch.equal(after[name].abs().flatten().sort().values, before[name].abs().flatten().sort().values)
            assert not after[name][~mask].any()
        assert torch.equal(shuffle_magnitudes(before, kept, seed=seed)["a"], after["a"])

    def test_shuffling_does_shuffle_and_leaves_what_it_was_given(self) -> None:
        before = {"w": torch.arange(1.0, 101)}
        after = shuffle_magnitudes(before, Masks({"w": torch.ones(100, dtype=torch.bool)}), seed=0)
        assert not torch.equal(after["w"], before["w"])
        assert torch.equal(before["w"], torch.arange(1.0, 101))

    def test_batch_norm_alone_goes_back(self) -> None:
        model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm1d(3)))
        affine = ["1.weight", "1.bias", "2.0.weight", "2.0.bias"]
        assert batch_norm_entries(model) == affine
        every = batch_norm_entries(model, statistics=True)
        assert set(every) == {name for name in model.state_dict() if not name.startswith("0.")}
        early = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        learned = {name: tensor + 1 for name, tensor in early.items()}
        found = reset_entries(learned, early, affine)
        assert {name for name in found if torch.equal(found[name], early[name])} == set(affine)
        assert batch_norm_entries(nn.Linear(1, 1)) == []
        with pytest.raises(InputError, match="nonsense"):
            reset_entries(learned, early, ["nonsense"])


class TestOverlap:
    def test_by_hand(self) -> None:
        found = mask_overlap(masks(1, 1, 0, 0), masks(1, 0, 1, 0))
        assert (found.both, found.either, found.jaccard) == (1, 3, 1 / 3)
        assert found.chance == found.layer_chance == 0.5 / 1.5  # d / (2-d) at d = 1/2

    def test_layers_of_other_densities_share_more(self) -> None:
        one = Masks({"a": torch.ones(4, dtype=torch.bool), "b": torch.zeros(4, dtype=torch.bool)})
        found = mask_overlap(one, one)
        assert found.chance == pytest.approx(1 / 3)
        assert found.jaccard == found.layer_chance == 1

    @given(seeds, seeds)
    def test_is_symmetric_and_within_bounds(self, one: int, other: int) -> None:
        (_, first), (_, second) = network(one), network(other)
        assert mask_overlap(first, second) == mask_overlap(second, first)
        found = mask_overlap(first, second)
        assert 0 <= found.jaccard <= 1
        assert 0 <= found.chance <= 1
        assert mask_overlap(first, first).jaccard == 1

    def test_random_masks_overlap_as_by_chance(self) -> None:
        generator = torch.Generator().manual_seed(0)
        one, other = (Masks({"w": torch.rand(100_000, generator=generator) < 0.2}) for _ in range(2))
        found = mask_overlap(one, other)
        assert found.jaccard == pytest.approx(found.chance, abs=0.005)
        assert found.chance == pytest.approx(0.2 / 1.8, abs=0.005)

    def test_another_network_is_refused(self) -> None:
        with pytest.raises(InputError, match="different networks"):
            mask_overlap(masks(1, 0), masks(1))


class TestFixedSigns:
    def model(self) -> nn.Linear:
        model = nn.Linear(3, 1)
        model.load_state_dict({"weight": torch.tensor([[0.1, -0.1, 0.0]]), "bias": torch.tensor([0.1])})
        return model

    def step(self, model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        loss = 10 * (model.weight[0, 0] - model.weight[0, 1] + model.weight[0, 2]) + model.bias.sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def test_magnitudes_are_trained_and_signs_are_not(self) -> None:
        model = self.model()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        handle = FixedSigns(model, Masks.dense(model, ["weight"])).attach(optimizer)
        self.step(model, optimizer)  # from 0.1, -0.1, 0 and 0.1 by -1, +1, -1 and -0.1
        assert model.weight.tolist() == [pytest.approx([0.9, -0.9, -1.0])]
        assert model.bias.item() == pytest.approx(0.0)
        handle.remove()
        self.step(model, optimizer)
        assert model.weight.tolist() == [pytest.approx([-0.1, 0.1, -2.0])]

    def test_pruned_weights_stay_pruned(self) -> None:
        model = self.model()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        kept = Masks({"weight": torch.tensor([[True, True, False]])})
        kept.bind(model).attach(optimizer)
        FixedSigns(model, kept).attach(optimizer)
        for _ in range(3):
            self.step(model, optimizer)
            assert model.weight.sign().tolist() == [[1, -1, 0]]
