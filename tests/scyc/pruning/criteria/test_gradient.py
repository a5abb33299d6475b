from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scyc.data import CropFlip, Split
from scyc.errors import InputError
from scyc.pruning import CRITERIA, GradientSample, Masks, PruningContext, mean_gradients, prunable_weights

if TYPE_CHECKING:
    from scyc.data import Dataset


class Net(nn.Module):
    """A network with BatchNorm and dropout, its running statistics away from their initial values."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first = nn.Linear(8, 16)
            self.norm = nn.BatchNorm1d(16)
            self.drop = nn.Dropout(0.5)
            self.last = nn.Linear(16, 4)
            assert self.norm.running_mean is not None
            assert self.norm.running_var is not None
            self.norm.running_mean.normal_()
            self.norm.running_var.uniform_(0.5, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.last(self.drop(F.relu(self.norm(self.first(inputs)))))
        return logits


def dense(model: nn.Module) -> Masks:
    return Masks.dense(model, prunable_weights(model))


def close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.allclose(one[name], other[name], rtol=1e-4, atol=1e-6) for name in one
    )


def autograd(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
    """Gradient of the mean loss over all of them, in evaluation mode, by one plain backward pass."""
    model.eval()
    model.zero_grad()
    F.cross_entropy(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
    gradients = {}
    for name in prunable_weights(model):
        gradient = model.get_parameter(name).grad
        assert gradient is not None
        gradients[name] = gradient.clone()
    return gradients


@pytest.mark.parametrize("batch_size", [7, 320, 512])
def test_gradients_are_those_of_the_full_loss_however_it_is_batched(blobs: Dataset, batch_size: int) -> None:
    sample = GradientSample(batch_size=batch_size)
    gradients = mean_gradients(Net(), dense(Net()), blobs.train, seed=0, level=1, sample=sample)
    assert close(gradients, autograd(Net(), blobs.train.inputs, blobs.train.targets))


def test_gradient_of_a_logistic_unit_by_hand() -> None:
    model = nn.Linear(2, 2, bias=False)
    nn.init.zeros_(model.weight)
    split = Split(torch.tensor([[1.0, 2.0], [3.0, -4.0]]), torch.tensor([0, 1]))
    # Both classes have probability 1/2, so dL/dw_c = mean of (1/2 - [target is c]) x.
    gradients = mean_gradients(model, dense(model), split, seed=0, level=1)
    assert gradients["weight"].tolist() == [[0.5, -1.5], [-0.5, 1.5]]


def test_scores_by_hand() -> None:
    weights = {"weight": torch.tensor([-2.0, 0.5, 3.0])}
    gradients = {"weight": torch.tensor([0.25, -1.0, 0.0]), "bias": torch.tensor([1.0])}
    masks = Masks({"weight": torch.ones(3, dtype=torch.bool)})
    context = PruningContext(weights, masks, rate=0.5, level=1, seed=0, gradients=lambda: gradients)
    scores = CRITERIA["gradient"].scores(context)
    assert {name: score.tolist() for name, score in scores.items()} == {"weight": [0.25, 1, 0]}
    assert CRITERIA["snip"].scores(context)["weight"].tolist() == [0.5, 0.5, 0]


def test_the_model_and_the_generators_stay_as_they_were(blobs: Dataset) -> None:
    model = Net()
    model.train()
    model.norm.eval()  # as if frozen
    model.first.weight.requires_grad_(False)
    modes = [module.training for module in model.modules()]
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    gradients = mean_gradients(model, dense(model), blobs.train, seed=0, level=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [parameter.requires_grad for parameter in model.parameters()] == [False, True, True, True, True, True]
    assert gradients["first.weight"].any()
    assert not any(gradient.requires_grad for gradient in gradients.values())


def test_the_mode_comes_back_after_an_error(blobs: Dataset) -> None:
    model = Net()
    with pytest.raises(RuntimeError):
        mean_gradients(model, dense(model), Split(blobs.train.inputs[:, :5], blobs.train.targets), seed=0, level=1)
    assert all(module.training for module in model.modules())


def test_a_model_that_draws_by_itself_neither_matters_nor_disturbs(blobs: Dataset) -> None:
    class Noisy(Net):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs + torch.randn_like(inputs))

    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = mean_gradients(Noisy(), dense(Net()), blobs.train, seed=0, level=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    second = mean_gradients(Noisy(), dense(Net()), blobs.train, seed=0, level=1)
    assert all(torch.equal(gradient, second[name]) for name, gradient in first.items())


def test_gradients_can_be_measured_where_none_are_recorded(blobs: Dataset) -> None:
    with torch.no_grad():
        gradients = mean_gradients(Net(), dense(Net()), blobs.train, seed=0, level=1)
    assert close(gradients, autograd(Net(), blobs.train.inputs, blobs.train.targets))


def test_a_sample_depends_on_seed_and_level_alone(blobs: Dataset) -> None:
    def measured(seed: int, level: int, examples: int = 32) -> dict[str, torch.Tensor]:
        sample = GradientSample(examples)
        return mean_gradients(Net(), dense(Net()), blobs.train, seed=seed, level=level, sample=sample)

    assert all(torch.equal(gradient, measured(0, 1)[name]) for name, gradient in measured(0, 1).items())
    assert not close(measured(0, 1), measured(1, 1))
    assert not close(measured(0, 1), measured(0, 2))
    assert close(measured(0, 1, examples=320), measured(1, 2, examples=10**6))


def test_a_sample_is_drawn_without_replacement() -> None:
    # The gradient of class 0's row is the mean of the inputs, up to a factor: it tells which examples were seen.
    model = nn.Linear(10, 2, bias=False)
    nn.init.zeros_(model.weight)
    split = Split(torch.eye(10), torch.ones(10, dtype=torch.int64))
    gradient = mean_gradients(model, dense(model), split, seed=0, level=1, sample=GradientSample(4, batch_size=3))
    assert sorted(gradient["weight"][0].tolist()) == [0] * 6 + [0.125] * 4


def test_augmentation_is_off_unless_given_and_then_reproducible() -> None:
    generator = torch.Generator().manual_seed(0)
    split = Split(torch.randn(20, 1, 6, 6, generator=generator), torch.arange(20) % 3)
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    plain = mean_gradients(model, dense(model), split, seed=0, level=1)
    first, second, other = (
        mean_gradients(model, dense(model), split, seed=seed, level=1, sample=GradientSample(augmentation=CropFlip(2)))
        for seed in (0, 0, 1)
    )
    assert close(plain, autograd(model, split.inputs, split.targets))
    assert torch.equal(first["1.weight"], second["1.weight"])
    assert not close(first, other)
    assert not close(first, plain)


def test_a_shared_weight_has_the_gradient_of_all_its_uses(blobs: Dataset) -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))
    model[2].weight = model[0].weight
    gradients = mean_gradients(model, dense(model), blobs.train, seed=0, level=1)
    assert close(gradients, autograd(model, blobs.train.inputs, blobs.train.targets))


def test_a_layer_that_is_not_used_has_no_gradient(blobs: Dataset) -> None:
    class Idle(Net):
        def __init__(self) -> None:
            super().__init__()
            self.idle = nn.Linear(2, 2)

    gradients = mean_gradients(Idle(), dense(Idle()), blobs.train, seed=0, level=1)
    assert gradients["idle.weight"].tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("examples", "batch_size"), [(0, 1), (-1, 1), (None, 0)])
def test_nothing_cannot_be_averaged_over(examples: int | None, batch_size: int) -> None:
    with pytest.raises(InputError, match=r"must be whole numbers of at least 1\.$"):
        GradientSample(examples, batch_size)
