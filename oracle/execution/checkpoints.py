"""Checkpoints as safetensors bytes: weights, buffers, masks and optimizer state; never pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors.torch import load, save

from scyc.protocol import Checkpoint
from scyc.pruning import Masks
from scyc.training.result import Snapshot, State

if TYPE_CHECKING:
    import torch

STATE, MASK, CHANGE, OPTIMIZER = "state/", "mask/", "change/", "optimizer/"


def dump_snapshot(snapshot: Snapshot) -> bytes:
    """Return `snapshot` as bytes; equal snapshots give equal bytes."""
    return save(_prefixed(STATE, snapshot.state) | _prefixed(OPTIMIZER, snapshot.optimizer or {}))


def dump_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return `checkpoint`, masks included, as bytes; equal checkpoints give equal bytes."""
    tensors = _prefixed(STATE, checkpoint.state) | _prefixed(MASK, checkpoint.masks.kept)
    tensors |= _prefixed(CHANGE, checkpoint.change or {}) | _prefixed(OPTIMIZER, checkpoint.optimizer or {})
    return save(tensors)


def load_snapshot(data: bytes) -> Snapshot:
    """Return the snapshot in `data`, on the CPU."""
    tensors = load(data)
    return Snapshot(_with_prefix(STATE, tensors), _with_prefix(OPTIMIZER, tensors) or None)


def load_checkpoint(data: bytes) -> Checkpoint:
    """Return the checkpoint in `data`, on the CPU."""
    tensors = load(data)
    return Checkpoint(
        state=_with_prefix(STATE, tensors),
        masks=Masks(_with_prefix(MASK, tensors)),
        change=_with_prefix(CHANGE, tensors) or None,
        optimizer=_with_prefix(OPTIMIZER, tensors) or None,
    )


def _prefixed(prefix: str, tensors: State) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor.cpu().contiguous().clone() for name, tensor in tensors.items()}


def _with_prefix(prefix: str, tensors: dict[str, torch.Tensor]) -> State:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
