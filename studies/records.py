"""Trials and what trainings gave, as plain frozen values; `study_records.py` has what is around them.

Accuracies are fractions in [0, 1]. A loss that is not finite is None: NaN and infinity never reach the database.
Times are aware and in UTC. Hashes are the SHA-256 of an artifact, in hexadecimal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - what workers send is read by the types of its fields
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies.machine import MachineRecord

TrialState = Literal["pending", "complete", "failed", "stopped"]
CheckpointKind = Literal["trained", "rewind"]
SplitName = Literal["validation", "test"]


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch of a trial's learning curve."""

    epoch: int
    train_loss: float | None
    val_loss: float | None
    val_accuracy: float


@dataclass(frozen=True, slots=True)
class GradientRecord:
    """The distribution of a trial's weight gradients at one point of its training.

    Attributes:
        point: "start", "middle" or "end".
        count: how many gradients that is.
        kurtosis: fourth central moment over the squared variance, so 3 for a normal distribution; None where all are
            equal.
        quantiles: the caller decides which ones.
        histogram: counts; the caller decides the bins.
    """

    point: str
    count: int
    mean: float
    std: float
    kurtosis: float | None
    quantiles: tuple[float, ...]
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnswersRecord:
    """Which examples of a split a trial's network classifies correctly.

    Attributes:
        examples: how many the split has, > 0.
        bits: one for each, 1 where it is classified correctly; the caller decides how they are packed.
    """

    split: SplitName
    examples: int
    bits: bytes


@dataclass(frozen=True, slots=True)
class MeasurementRecord:
    """What a run measured when a level began; its schedule works with the value.

    Attributes:
        parent: hash of the checkpoint that the level starts from, None at level 0.
        epochs: of training that the measurement took, >= 0.
    """

    level: int
    seed: int
    parent: str | None
    value: float
    epochs: float


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of a training.

    Attributes:
        val_accuracy: 0 of a training that is not `finite`; earlier versions recorded how often its answers happened to
            be right. See `counted`.
        test_accuracy: the same.
        val_loss: None if it, or a weight of the network, is not finite.
        diverged: the training is not finite, or ended no better than guessing.
        density: fraction of the prunable weights that were left, in (0, 1].
        seconds: duration of the training.
        checkpoint: hash of the trained weights; a fact that stays when the weights are deleted.
        rewind_point: hash of the weights to rewind to, reported by level 0.
        epochs: the learning curve; empty where it was not asked for.
        gradients: at points of the training; empty where a result is read back, see `Store.gradients`.
        answers: on splits; empty where a result is read back, see `Store.answers`.
    """

    val_accuracy: float
    test_accuracy: float
    val_loss: float | None
    test_loss: float | None
    train_loss: float | None
    diverged: bool
    density: float
    seconds: float
    checkpoint: str
    rewind_point: str | None
    epochs: tuple[EpochRecord, ...]
    gradients: tuple[GradientRecord, ...] = ()
    answers: tuple[AnswersRecord, ...] = ()

    @property
    def finite(self) -> bool:
        """Whether the training ended with finite numbers, so that a next level can start from its network."""
        return self.train_loss is not None and self.val_loss is not None

    @property
    def counted(self) -> TrialResult:
        """The result as it counts: one that is not finite has diverged, and has accuracies of 0, whatever is recorded.

        The largest of NaNs is the first class. So its accuracy would be that class's share, which can beat honest ones.
        """
        return self if self.finite else replace(self, val_accuracy=0.0, test_accuracy=0.0, diverged=True)


@dataclass(frozen=True, slots=True)
class NewTrial:
    """A trial to be trained.

    Attributes:
        max_lr: positive and finite.
        parent: hash of the checkpoint that it starts from, None at level 0.
        round: which proposal round of the level it came from, counted from 0.
        spec_hash: of that part of the spec that determines the trial's numbers. The rest (more seeds, levels or
            candidates) may be extended later, and the trial still counts.
        stop_epoch: the epoch after which it may be stopped, from 0 on; None if it is trained to its end.
        stop_below: it is stopped if its accuracy is below this then, a fraction; None together with `stop_epoch`.
    """

    level: int
    seed: int
    max_lr: float
    parent: str | None
    round: int
    spec_hash: str = ""
    stop_epoch: int | None = None
    stop_below: float | None = None


@dataclass(frozen=True, slots=True)
class StoppedTraining:
    """A training that ended early, as it had no hope: the beginning of one, and no result.

    Attributes:
        seconds: duration of the training.
        epochs: the learning curve up to there; empty where it was not asked for.
    """

    seconds: float
    epochs: tuple[EpochRecord, ...]


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One training.

    Attributes:
        result: there once it is complete.
        error: why it failed; while it is pending, why its last attempt did; None once it is complete or stopped.
        attempts: how many of its trainings failed.
        stop_epoch: the epoch after which it may be stopped; None if it may not. See `NewTrial`.
        stopped: there once it is stopped.
    """

    id: int
    run_id: int
    level: int
    seed: int
    max_lr: float
    parent: str | None
    round: int
    state: TrialState
    result: TrialResult | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    attempts: int = 0
    spec_hash: str = ""
    stop_epoch: int | None = None
    stop_below: float | None = None
    stopped: StoppedTraining | None = None


@dataclass(frozen=True, slots=True)
class NewCheckpoint:
    """Weights that a trial left in the artifact store: `size` in bytes, `parent` the hash that they grew from."""

    hash: str
    kind: CheckpointKind
    size: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """Weights that are kept in the artifact store, and the trial that made them."""

    hash: str
    kind: CheckpointKind
    size: int
    trial_id: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class StartRecord:
    """When a worker began to train a trial, by the driver's clock, and how many workers the study had then, > 0."""

    at: datetime
    workers: int


@dataclass(frozen=True, slots=True)
class FinishedTrial:
    """The result of the trial in a row, the weights that it left in the artifact store, and what machine trained it.

    Attributes:
        start: when that began, which is kept with the machine; None if it is not known.
    """

    id: int
    result: TrialResult
    checkpoints: Sequence[NewCheckpoint | CheckpointRecord] = ()
    machine: MachineRecord | None = None
    start: StartRecord | None = None


@dataclass(frozen=True, slots=True)
class StoppedTrial:
    """What there is of the trial in a row, which was stopped, and what machine trained it; see `FinishedTrial`."""

    id: int
    training: StoppedTraining
    machine: MachineRecord | None = None
    start: StartRecord | None = None
