"""Checkpoints as bytes."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from oracle.execution.checkpoints import dump_checkpoint, dump_snapshot, load_checkpoint, load_snapshot
from scyc.models import resnet20
from scyc.protocol import Checkpoint
from scyc.pruning import Masks, prunable_weights
from scyc.training.result import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping


def network() -> Checkpoint:
    """A network with buffers, one of them of integers, and half its weights pruned."""
    generator = torch.Generator().manual_seed(0)
    model = resnet20()
    masks = {
        name: torch.rand(model.get_parameter(name).shape, generator=generator) < 0.5 for name in prunable_weights(model)
    }
    state = {
        name: torch.randn(tensor.shape, generator=generator)
        if tensor.is_floating_point()
        else torch.full_like(tensor, 2**53 + 1)
        for name, tensor in model.state_dict().items()
    }
    return Checkpoint(state, Masks(masks))


def came_back(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return load_snapshot(dump_snapshot(Snapshot(state))).state


def assert_same(found: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert found[name].shape == tensor.shape, name
        assert torch.equal(found[name], tensor), name


def test_a_checkpoint_comes_back_to_the_bit() -> None:
    checkpoint = network()
    assert {tensor.dtype for tensor in checkpoint.state.values()} == {torch.float32, torch.int64}
    again = load_checkpoint(dump_checkpoint(checkpoint))
    assert_same(again.state, checkpoint.state)
    assert_same(again.masks.kept, checkpoint.masks.kept)
    assert {mask.dtype for mask in again.masks.kept.values()} == {torch.bool}
    assert again.masks.density == checkpoint.masks.density


def test_the_change_of_a_checkpoint_comes_back_too() -> None:
    checkpoint = network()
    change = {name: torch.rand(mask.shape) for name, mask in checkpoint.masks.kept.items()}
    again = load_checkpoint(dump_checkpoint(replace(checkpoint, change=change)))
    assert again.change is not None
    assert_same(again.change, change)
    assert load_checkpoint(dump_checkpoint(checkpoint)).change is None


def test_a_snapshot_comes_back_to_the_bit() -> None:
    state = network().state
    assert_same(came_back(state), state)


def test_what_the_optimizer_remembers_comes_back_too() -> None:
    remembered = {"momentum_buffer/0.weight": torch.rand(3, 2), "step/0.weight": torch.tensor(7.0)}
    checkpoint = replace(network(), optimizer=remembered)
    snapshot = Snapshot(checkpoint.state, remembered)
    for again in (load_checkpoint(dump_checkpoint(checkpoint)), load_snapshot(dump_snapshot(snapshot))):
        assert again.optimizer is not None
        assert_same(again.optimizer, remembered)
        assert_same(again.state, checkpoint.state)
    assert load_checkpoint(dump_checkpoint(network())).optimizer is None
    assert load_snapshot(dump_snapshot(Snapshot(checkpoint.state))).optimizer is None


def test_a_network_loads_what_comes_back() -> None:
    checkpoint = network()
    model = resnet20()
    model.load_state_dict(load_checkpoint(dump_checkpoint(checkpoint)).state)
    assert_same(model.state_dict(), checkpoint.state)


def test_what_is_not_a_number_comes_back_too() -> None:
    odd = torch.tensor([math.nan, math.inf, -math.inf, -0.0, 1e-45])
    found = came_back({"odd": odd})["odd"]
    assert found.view(torch.int32).tolist() == odd.view(torch.int32).tolist()


def test_equal_checkpoints_give_equal_bytes() -> None:
    checkpoint = network()
    backwards = Checkpoint(
        dict(reversed(checkpoint.state.items())), Masks(dict(reversed(checkpoint.masks.kept.items())))
    )
    assert dump_checkpoint(network()) == dump_checkpoint(checkpoint) == dump_checkpoint(backwards)


def test_the_layout_in_memory_is_of_no_account() -> None:
    weight = torch.arange(12.0).reshape(3, 4)
    transposed = weight.t().contiguous().t()
    assert not transposed.is_contiguous()
    assert dump_snapshot(Snapshot({"w": transposed})) == dump_snapshot(Snapshot({"w": weight}))


def test_tensors_that_share_memory_are_both_written() -> None:
    shared = torch.arange(4.0)
    found = came_back({"a": shared, "b": shared})
    assert_same(found, {"a": shared, "b": shared})


@pytest.mark.parametrize("part", ["weight", "mask"])
def test_one_different_bit_gives_different_bytes(part: str) -> None:
    before = dump_checkpoint(network())
    changed = network()
    if part == "weight":
        next(iter(changed.state.values())).view(-1)[0] += 1
    else:
        next(iter(changed.masks.kept.values())).view(-1)[0] ^= True
    assert dump_checkpoint(changed) != before


def test_a_parameter_may_be_named_like_a_mask() -> None:
    checkpoint = Checkpoint(
        {"mask/w": torch.ones(1), "state/w": torch.zeros(2)}, Masks({"mask/w": torch.tensor([True])})
    )
    again = load_checkpoint(dump_checkpoint(checkpoint))
    assert_same(again.state, checkpoint.state)
    assert_same(again.masks.kept, checkpoint.masks.kept)


def test_nothing_is_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("Something was pickled.")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    data = dump_checkpoint(network())
    load_checkpoint(data)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])  # the safetensors format
    assert {name.partition("/")[0] for name in header} == {"state", "mask"}


def test_pickled_bytes_are_refused() -> None:
    with pytest.raises(Exception, match=r"[Hh]eader"):
        load_checkpoint(pickle.dumps({"state": 1}) * 10)
