"""What a worker does with several requests at a time."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import torch

import oracle.execution.network_worker
import oracle.spec.model
from oracle.execution.checkpoints import dump_checkpoint, dump_snapshot
from oracle.execution.messages import Failure, MeasureRequest, Outcome, TrialRequest
from oracle.execution.network_worker import NetworkWorker
from oracle.spec.files import parse_spec
from scyc.answers import unpacked
from scyc.engines import ENGINES
from scyc.fingerprints import fingerprints
from scyc.measured_schedules import Measured
from scyc.trial import Member, Trial, run_trials
from studies import Artifacts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SPEC = {"workload": "digits/mlp-300-100", "epochs": 1, "levels": 2, "engine": "stacked"}
RATES = (0.05, 0.1, 0.2, 0.4)


@pytest.fixture
def worker(tmp_path: Path) -> NetworkWorker:
    return NetworkWorker(parse_spec(SPEC, "test"), Artifacts(str(tmp_path)))


def trials(seed: int = 0) -> list[TrialRequest]:
    return [TrialRequest(number, 0, seed, rate, None, None) for number, rate in enumerate(RATES)]


class Groups:
    """Stands in for `run_trials`: trains alone what it is given, and remembers how much that was."""

    def __init__(self, room: int = 99, broken: float | None = None) -> None:
        self.sizes: list[int] = []
        self.room, self.broken = room, broken

    def __call__(self, members: Sequence[Member], data: Any, *, engine: Any, **seeds: Any) -> list[Trial]:
        self.sizes.append(len(members))
        if len(members) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        if any(member.max_lr == self.broken for member in members):
            raise RuntimeError("a broken member")
        return [trial for member in members for trial in run_trials([member], data, **seeds)]


@pytest.fixture
def together(worker: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> NetworkWorker:
    """A worker whose engine takes several trials, as on a GPU."""
    monkeypatch.setattr(oracle.execution.network_worker, "engine_for", lambda *_: ENGINES["stacked"])
    return worker


def facts(answers: Sequence[Any]) -> list[Any]:
    assert all(isinstance(answer, Outcome) for answer in answers)
    return [(answer.result.checkpoint, answer.result.val, answer.saved) for answer in answers]


@pytest.mark.parametrize(
    ("asked", "largest", "recorded"),
    [
        ("small", 10**9, ["validation", "test"]),
        ("small", 320, ["validation"]),
        ("all", 0, ["validation", "test"]),
        ("none", 10**9, []),
    ],
)
def test_answers_are_recorded_where_the_spec_asks_for_them(
    asked: str, largest: int, recorded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digits has 288 validation and 359 test examples."""
    monkeypatch.setattr(oracle.spec.model, "SMALL_SPLIT", largest)
    worker = NetworkWorker(
        parse_spec(SPEC | {"workload": "digits/mlp-20", "answers": asked}, "test"), Artifacts(str(tmp_path))
    )
    [answer] = worker.attempt(trials()[:1])
    assert isinstance(answer, Outcome)
    assert [record.split for record in answer.result.answers] == recorded


def test_on_a_cpu_each_trial_is_trained_alone(worker: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups()
    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", groups)
    worker.attempt(trials())
    assert groups.sizes == [1, 1, 1, 1]


def test_a_result_says_what_the_training_came_to(worker: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[Trial] = []

    def training(members: Sequence[Member], data: Any, **settings: Any) -> list[Trial]:
        trained.extend(run_trials(members, data, **settings))
        return trained[-1:]

    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", training)
    [answer] = worker.attempt(trials()[:1])
    assert isinstance(answer, Outcome)
    result, [trial] = answer.result, trained
    last, early = trial.training.epochs[-1], trial.rewind_point
    assert (result.val, result.val_loss) == (last.val_accuracy, last.val_loss)
    assert result.train_loss == last.train_loss
    assert (result.test, result.test_loss) == (trial.training.test_accuracy, trial.training.test_loss)
    assert {record.split: unpacked([record.bits], record.examples)[0].tolist() for record in result.answers} == {
        split: answers.tolist() for split, answers in trial.training.answers.items()
    }
    assert (result.diverged, result.density) == (trial.training.diverged, 1.0)
    assert [tuple(asdict(point).values()) for point in result.epochs] == [
        tuple(asdict(epoch).values()) for epoch in trial.training.epochs
    ]
    assert [asdict(one) for one in result.gradients] == [asdict(one) for one in trial.training.gradients]
    assert early is not None
    digests = [sha256(dumped).hexdigest() for dumped in (dump_checkpoint(trial.checkpoint), dump_snapshot(early))]
    assert [result.checkpoint, result.rewind_point] == [saved.hash for saved in answer.saved] == digests


def test_answers_come_in_the_order_of_the_requests(together: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups()
    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", groups)
    mixed = [request for pair in zip(trials(seed=0), trials(seed=1), strict=True) for request in pair]
    measured = MeasureRequest("norm-drop", 0, 0, None, None, 0, "")
    answers = together.attempt([*mixed[:3], measured, *mixed[3:]])
    assert groups.sizes == [4, 4]
    assert isinstance(answers.pop(3), Measured)
    assert facts(answers[::2]) == facts(together.attempt(trials(seed=0)))
    assert facts(answers[1::2]) == facts(together.attempt(trials(seed=1)))


def test_one_that_raises_fails_alone(together: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", Groups(broken=RATES[2]))
    answers = together.attempt(trials())
    assert [isinstance(answer, Failure) for answer in answers] == [False, False, True, False]
    failure = answers[2]
    assert isinstance(failure, Failure)
    assert "a broken member" in failure.error


def test_a_full_memory_makes_groups_smaller(together: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = Groups(room=1)
    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", groups)
    facts(together.attempt(trials()))
    assert groups.sizes == [4, 2, 1, 1, 2, 1, 1]
    facts(together.attempt(trials()))
    assert groups.sizes[7:] == [1, 1, 1, 1]  # it has learnt


def test_a_memory_too_small_for_one_is_a_failure(together: NetworkWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", Groups(room=0))
    answers = together.attempt(trials()[:2])
    assert all(
        isinstance(answer, Failure) and "memory was too small for this trial twice" in answer.error
        for answer in answers
    )


def test_stacked_networks_give_the_results_of_single_ones(together: NetworkWorker, worker: NetworkWorker) -> None:
    stacked = together.attempt(trials())
    for request, answer in zip(trials(), stacked, strict=True):
        [alone] = together.attempt([request])
        assert isinstance(answer, Outcome)
        assert isinstance(alone, Outcome)
        assert answer.result.val == pytest.approx(alone.result.val, abs=0.02)
        assert answer.result.density == alone.result.density


def test_a_worker_with_other_data_than_the_study_trains_nothing(
    worker: NetworkWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = fingerprints("digits/mlp-300-100")
    same, other = (json.dumps(here | more) for more in ({}, {"training labels": "int64[1150] another"}))
    groups = Groups()
    monkeypatch.setattr(oracle.execution.network_worker, "run_trials", groups)
    [first, second, *_] = trials()
    fine, failed = worker.attempt([replace(first, trained_on=same), replace(second, trained_on=other)])
    assert isinstance(fine, Outcome)
    assert isinstance(failed, Failure)
    assert "these differ there: training labels" in failed.reason
    assert groups.sizes == [1]
    measured = MeasureRequest("norm-drop", 0, 0, None, None, 0, "", other)
    [failed] = worker.attempt([measured])
    assert isinstance(failed, Failure)
