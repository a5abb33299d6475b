"""A worker: takes requests, trains, puts the weights into the artifact store, and returns the results.

It knows nothing of the database; only the driver writes there.
"""

from __future__ import annotations

import json
import time
import traceback
from dataclasses import asdict, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import torch

from oracle.messages import Failure, MeasureRequest, Outcome
from oracle.weights import dump_checkpoint, dump_snapshot, load_checkpoint, load_snapshot
from scyc import InputError
from scyc.measuring import measure
from scyc.policies import policy_from_dict
from scyc.trial import run_trial
from studies import CheckpointKind, EpochRecord, GradientRecord, NewCheckpoint, TrialResult

if TYPE_CHECKING:
    from typing import Any

    from oracle.messages import Answer, Request, TrialRequest
    from oracle.spec import Spec
    from scyc.data import Dataset
    from scyc.measuring import Measured
    from scyc.policies import Policy
    from scyc.trial import Protocol, Trial
    from studies import Artifacts


class Worker:
    """Trains trials of one study in this process, one after another.

    Args:
        spec: of the study.
        artifacts: where parents come from and checkpoints go to.
    """

    def __init__(self, spec: Spec, artifacts: Artifacts) -> None:
        self.artifacts = artifacts
        self.threads = spec.resources.cpus_per_trial
        self.protocol = spec.protocol()
        self.device = training_device(spec)
        self.data: Dataset = self.protocol.workload.load_data().to(self.device)
        self._checkpoint = lru_cache(maxsize=8)(lambda key: load_checkpoint(artifacts.get(key)))
        self._snapshot = lru_cache(maxsize=8)(lambda key: load_snapshot(artifacts.get(key)))

    def attempt(self, request: Request) -> Answer:
        """Do what is asked for, twice if a GPU's memory is full; what it raises comes back as a failure."""
        reason = ""
        for _ in range(2):
            try:
                return self.run(request)
            except torch.OutOfMemoryError as error:
                reason = str(error)  # the error itself holds every tensor of the attempt until it is left behind
            except Exception:
                return Failure(traceback.format_exc())
            torch.cuda.empty_cache()
        return Failure(
            f"The GPU's memory was too small for this trial twice ({reason}); give trials a larger "
            f"resources.gpus_per_trial, or the study a smaller batch_size."
        )

    def run(self, request: Request) -> Outcome | Measured:
        """Do what is asked for, with the spec's number of threads, and store what a trial leaves."""
        protocol = self._protocol(request)
        start: dict[str, Any] = {
            "seed": request.seed,
            "level": request.level,
            "parent": self._checkpoint(request.parent) if request.parent else None,
            "rewind_point": self._snapshot(request.rewind_point) if request.rewind_point else None,
        }
        threads = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        started = time.perf_counter()
        try:
            if isinstance(request, MeasureRequest):
                return measure(request.kind, protocol, self.data, **start)
            trial = run_trial(protocol, self.data, max_lr=request.max_lr, **start)
        finally:
            torch.set_num_threads(threads)
        return self._outcome(request, trial, time.perf_counter() - started)

    def _protocol(self, request: Request) -> Protocol:
        """Return the study's protocol with what the request's policy does otherwise."""
        if not request.policy:
            return self.protocol
        policy, protocol = _policy(request.policy), self.protocol
        profile, rewind = policy.profile_at(request.level), policy.rewind_at(request.level)
        return replace(
            protocol,
            recipe=replace(protocol.recipe, profile=profile or protocol.recipe.profile),
            pruning=replace(protocol.pruning, rewind=rewind or protocol.pruning.rewind),
        )

    def _outcome(self, request: TrialRequest, trial: Trial, seconds: float) -> Outcome:
        saved = [self._save("trained", dump_checkpoint(trial.checkpoint), request.parent)]
        if trial.rewind_point is not None:
            saved.append(self._save("rewind", dump_snapshot(trial.rewind_point), None))
        training, last = trial.training, trial.training.epochs[-1]
        result = TrialResult(
            val_accuracy=training.val_accuracy,
            test_accuracy=training.test_accuracy,
            val_loss=last.val_loss,
            test_loss=training.test_loss,
            train_loss=last.train_loss,
            diverged=training.diverged,
            density=trial.checkpoint.masks.density,
            seconds=seconds,
            checkpoint=saved[0].hash,
            rewind_point=saved[1].hash if len(saved) > 1 else None,
            epochs=tuple(EpochRecord(e.epoch, e.train_loss, e.val_loss, e.val_accuracy) for e in training.epochs),
            gradients=tuple(GradientRecord(**asdict(gradient)) for gradient in training.gradients),
        )
        return Outcome(result, tuple(saved))

    def _save(self, kind: CheckpointKind, data: bytes, parent: str | None) -> NewCheckpoint:
        return NewCheckpoint(self.artifacts.put(data), kind, len(data), parent)


@cache
def _policy(text: str) -> Policy:
    return policy_from_dict(json.loads(text))


def training_device(spec: Spec) -> torch.device:
    """Return the device that the spec's trials train on.

    Raises:
        InputError: when it asks for a GPU and this machine has none.
    """
    if spec.resources.gpus_per_trial == 0:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            f"resources.gpus_per_trial is {spec.resources.gpus_per_trial}, but PyTorch finds no GPU on this machine; "
            "set it to 0 to train on the CPU."
        )
    return torch.device("cuda")
