"""Records with something in every field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies import (
    AnswersRecord,
    CheckpointKind,
    EpochRecord,
    FinishedTrial,
    GradientRecord,
    MachineRecord,
    NewCheckpoint,
    NewTrial,
    StoppedTraining,
    TrialResult,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies import CheckpointRecord, Store

EPOCHS = tuple(EpochRecord(step=i, train_loss=1 / (i + 1), val_loss=0.3, val=i / 10) for i in range(3))

RESULT = TrialResult(
    val=0.9,
    test=0.8,
    val_loss=0.1,
    test_loss=0.2,
    train_loss=0.3,
    diverged=False,
    density=0.64,
    seconds=1.5,
    checkpoint="c" * 64,
    rewind_point="d" * 64,
    epochs=EPOCHS,
)

GRADIENTS = tuple(
    GradientRecord(point, 800, 1e-5, 0.1 / 3, kurtosis, (-0.1, 0.0, 0.1), (1, 798, 1))
    for point, kurtosis in (("end", None), ("middle", 3.5), ("start", 3.0))
)

ANSWERS = (AnswersRecord("test", 10, bytes(range(128, 256))), AnswersRecord("validation", 8, b"\0"))

MACHINE = MachineRecord(
    device="cuda",
    capability="AVX2",
    vendor="AuthenticAMD",
    family="25",
    model="1",
    processor="AMD EPYC 7763 64-Core Processor",
    threads=2,
    torch="2.9.0+cu130",
    build="0fabc3ba 3c59dc048e88",
    settings="MKL_CBWR=COMPATIBLE",
    gpu="NVIDIA A100-SXM4-80GB",
    gpu_capability="8.0",
    driver="580.65.06",
    cuda="13.0",
    cudnn="91300",
)


def result(**changes: Any) -> TrialResult:
    """Return `RESULT` with some fields changed."""
    return replace(RESULT, **changes)


def new(level: int = 0, seed: int = 0, max_lr: float = 0.1, parent: str | None = None, round: int = 0) -> NewTrial:  # noqa: A002
    """Return a trial to add, at level 0 by default."""
    return NewTrial(level=level, seed=seed, max_lr=max_lr, parent=parent, round=round)


def ruled(epoch: int, below: float, seed: int = 0) -> NewTrial:
    """Return a trial to add that may be stopped after an epoch."""
    return replace(new(seed=seed), stop_epoch=epoch, stop_below=below)


def stopped(**changes: Any) -> StoppedTraining:
    """Return a training that was stopped, with some fields changed."""
    return replace(StoppedTraining(seconds=0.5, epochs=EPOCHS), **changes)


def checkpoint(letter: str, kind: CheckpointKind = "trained", parent: str | None = None) -> NewCheckpoint:
    """Return a checkpoint whose hash is a letter, 64 times."""
    return NewCheckpoint(hash=letter * 64, kind=kind, size=1000, parent=parent)


def finish(
    store: Store,
    trial_id: int,
    result: TrialResult,
    checkpoints: Sequence[NewCheckpoint | CheckpointRecord] = (),
    machine: MachineRecord | None = None,
) -> bool:
    """Record one trial's result; return whether the trial was not complete before."""
    return not store.finish_trials([FinishedTrial(trial_id, result, checkpoints, machine)])
