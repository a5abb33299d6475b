"""Checkpoints as safetensors bytes: weights, buffers and masks, never pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors.torch import load, save

from scyc.pruning import Masks
from scyc.trial import Checkpoint, State

if TYPE_CHECKING:
    import torch

STATE, MASK, CHANGE = "state/", "mask/", "change/"


def dump_state(state: State) -> bytes:
    """Return `state` as bytes; equal states give equal bytes."""
    return save(_prefixed(STATE, state))


def dump_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return `checkpoint`, masks included, as bytes; equal checkpoints give equal bytes."""
    tensors = _prefixed(STATE, checkpoint.state) | _prefixed(MASK, checkpoint.masks.kept)
    return save(tensors | _prefixed(CHANGE, checkpoint.change or {}))


def load_state(data: bytes) -> State:
    """Return the state in `data`, on the CPU."""
    return _with_prefix(STATE, load(data))


def load_checkpoint(data: bytes) -> Checkpoint:
    """Return the checkpoint in `data`, on the CPU."""
    tensors = load(data)
    masks, change = Masks(_with_prefix(MASK, tensors)), _with_prefix(CHANGE, tensors)
    return Checkpoint(_with_prefix(STATE, tensors), masks, change or None)


def _prefixed(prefix: str, tensors: State) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor.cpu().contiguous().clone() for name, tensor in tensors.items()}


def _with_prefix(prefix: str, tensors: dict[str, torch.Tensor]) -> State:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
