"""When the time limit of a trial holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oracle.execution.messages import Outcome, TrialRequest
from oracle.execution.trainer import PREPARATION, Trainer
from oracle.spec.files import parse_spec
from scyc import trial
from scyc.training.loop import train
from studies import Artifacts

if TYPE_CHECKING:
    from pathlib import Path

SPEC = {"epochs": 1, "levels": 1, "workload": "mnist1d/mlp-300-100"}
REQUESTS = [TrialRequest(number, 0, seed, 0.1, None, None) for number, seed in enumerate((0, 1))]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is done to the clock, and what happens in between."""
    seen: list[Any] = []

    def noting(name: str, function: Any) -> Any:
        def noted(*arguments: Any, **named: Any) -> Any:
            seen.append(name)
            return function(*arguments, **named)

        return noted

    monkeypatch.setattr("faulthandler.dump_traceback_later", lambda seconds, **_: seen.append(seconds))
    monkeypatch.setattr("faulthandler.cancel_dump_traceback_later", lambda: seen.append(None))
    monkeypatch.setattr(trial, "begin_level", noting("build", trial.begin_level))
    monkeypatch.setattr(trial, "train", noting("train", train))
    return seen


@pytest.mark.parametrize(("limit", "before"), [(5.0, PREPARATION), (100.0, 1000.0)])
def test_it_starts_when_training_does(limit: float, before: float, limits: list[Any], tmp_path: Path) -> None:
    answers = Trainer(parse_spec(SPEC, "of the test"), Artifacts(str(tmp_path)), limit).attempt(REQUESTS)
    assert all(isinstance(answer, Outcome) for answer in answers)
    assert limits == [before, *["build", limit, "train", before] * 2, None]


def test_without_one_there_is_no_clock(limits: list[Any], tmp_path: Path) -> None:
    Trainer(parse_spec(SPEC, "of the test"), Artifacts(str(tmp_path))).attempt(REQUESTS[:1])
    assert limits == ["build", "train"]
