"""Pruning in a loop of one's own: other people's networks, other people's masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from scyc import InputError
from scyc.pruning import Pruner

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel


class Experts(nn.Module):
    """A layer whose weights are bare parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.projections = nn.Parameter(torch.randn(2, 3, 4))
        self.out = nn.Linear(4, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = torch.einsum("bi,eio->bo", inputs, self.projections)
        return torch.nn.functional.linear(hidden, self.out.weight, self.out.bias)


def train(model: nn.Module, pruner: Pruner, steps: int = 3) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    pruner.attach(optimizer)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(8, 3)).square().sum().backward()
        optimizer.step()


def zeros(model: nn.Module, name: str) -> int:
    return int((model.get_parameter(name) == 0).sum())


@pytest.fixture
def gpt2() -> GPT2LMHeadModel:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=8, n_layer=2, n_head=2))


def test_level_by_level_the_smallest_weights_go_and_stay_away() -> None:
    torch.manual_seed(0)
    model = Experts()
    pruner = Pruner(model, ["projections", "out.weight"])
    smallest = min(float(model.get_parameter(name).detach().abs().min()) for name in pruner.masks.kept)
    pruner.prune(0.5, 1)
    left = torch.cat([model.projections[model.projections != 0], model.out.weight[model.out.weight != 0]])
    assert left.numel() == 16
    assert float(left.detach().abs().min()) > smallest
    train(model, pruner)
    assert zeros(model, "projections") + zeros(model, "out.weight") == 16
    pruner.prune(0.5, 2)
    assert pruner.density == 0.25
    assert zeros(model, "projections") + zeros(model, "out.weight") == 24


def test_scores_decide_and_a_scope_keeps_the_layers_alike() -> None:
    model = Experts()
    pruner = Pruner(model, ["*projections", "out.weight"])
    scores = {"projections": torch.ones(2, 3, 4), "out.weight": torch.zeros(2, 4)}
    pruner.prune(0.25, 1, scores=scores)
    assert (zeros(model, "out.weight"), zeros(model, "projections")) == (8, 0)
    again = Pruner(Experts(), ["projections", "out.weight"])
    again.prune(0.25, 1, scores=scores, scope="layer")
    assert (zeros(again.model, "out.weight"), zeros(again.model, "projections")) == (2, 6)


def test_the_masks_travel_with_the_weights() -> None:
    model = Experts()
    pruner = Pruner(model, ["projections"])
    pruner.prune(0.5, 1)
    other = Experts()
    taken = Pruner(other, ["projections"])
    taken.load_state_dict(pruner.state_dict())
    assert torch.equal(other.projections != 0, model.projections != 0)
    taken.prune(0.5, 2)
    assert taken.density == 0.25


def test_masks_from_elsewhere_two_of_four_or_whole_rows() -> None:
    first, last = nn.Linear(8, 4), nn.Linear(4, 2)
    model = nn.Sequential(first, last)
    pruner = Pruner(model, ["*.weight"])
    two_of_four = torch.tensor([1, 0, 0, 1]).repeat(4, 2)
    rows = torch.tensor([[1.0], [0.0]]).expand(2, 4)
    pruner.load_state_dict({"0.weight": two_of_four, "1.weight": rows})
    assert pruner.density == 0.5
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    pruner.attach(optimizer)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(5, 8)).sum().backward()
        optimizer.step()
    assert torch.equal(first.weight.bool(), two_of_four.bool())
    assert torch.equal(last.weight.bool(), rows.bool())


def test_in_a_language_model_the_embedding_that_the_output_shares_is_left_alone(gpt2: GPT2LMHeadModel) -> None:
    pruner = Pruner(gpt2)
    assert len(pruner.masks.kept) == 8  # four layers of each block, all of them Hugging Face's Conv1D
    assert not any("wte" in name or "wpe" in name or "lm_head" in name for name in pruner.masks.kept)
    pruner.prune(0.5, 1)
    optimizer = torch.optim.AdamW(gpt2.parameters(), lr=1e-2)
    pruner.attach(optimizer)
    tokens = torch.randint(0, 50, (2, 8))
    gpt2(input_ids=tokens, labels=tokens).loss.backward()
    optimizer.step()
    left = sum(int((gpt2.get_parameter(name) != 0).sum()) for name in pruner.masks.kept)
    assert left == pruner.masks.alive == pruner.masks.total // 2
    assert gpt2.lm_head.weight is gpt2.transformer.wte.weight
    assert zeros(gpt2, "transformer.wte.weight") == 0


def test_a_detection_model_is_pruned() -> None:
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    model = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=3)
    pruner = Pruner(model)
    pruner.prune(0.2, 1)
    assert pruner.density == pytest.approx(0.8, abs=1e-6)
    assert {name.partition(".")[0] for name in pruner.masks.kept} == {"backbone", "head"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (["nothing.*"], r"`parameters` has 'nothing\.\*', which matches no parameter of Experts"),
        ([], "`parameters` names no parameter to prune"),
    ],
)
def test_patterns_that_fit_nothing_are_refused(parameters: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Pruner(Experts(), parameters)


def test_a_model_that_is_all_embedding_is_refused() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    model[1].weight = model[0].weight
    with pytest.raises(InputError, match=r"^All layers of Sequential .+ name what to prune in `parameters`\.$"):
        Pruner(model)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({}, r"These masks are not those of the pruned parameters: only one of the two has projections\."),
        ({"projections": torch.ones(2)}, r"The masks of projections have the shape \(2,\), but .+ has \(2, 3, 4\)\.$"),
        ({"projections": torch.zeros(2, 3, 4)}, "These masks leave no weight at all"),
    ],
)
def test_masks_that_do_not_fit_are_refused_and_change_nothing(masks: dict[str, torch.Tensor], message: str) -> None:
    model = Experts()
    pruner = Pruner(model, "projections")
    with pytest.raises(InputError, match=message):
        pruner.load_state_dict(masks)
    assert pruner.density == 1
    assert zeros(model, "projections") == 0
