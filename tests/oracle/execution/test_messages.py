"""What workers are asked for and what they answer, as text and in short."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oracle.execution.messages import (
    Failure,
    MeasureRequest,
    Outcome,
    Stopped,
    TrialRequest,
    answers_from_json,
    answers_to_json,
    requests_from_json,
    requests_to_json,
)
from oracle.testing.made_up_outcomes import MadeUp
from oracle.testing.records import ANSWERS, MACHINE, result
from scyc import StopRule
from studies import StartRecord

if TYPE_CHECKING:
    from oracle.execution.messages import Request


def test_they_come_back_as_they_were() -> None:
    requests: list[Request] = [
        TrialRequest(7, 0, 3, 0.1 + 0.2, None, None),
        TrialRequest(8, 1, 3, 1e-300, "p" * 64, "r" * 64, 2, '{"a": 1}'),
        TrialRequest(9, 1, 3, 0.1, "p" * 64, "r" * 64, stop=StopRule(0, 1.0)),
        MeasureRequest("range-test", 1, 3, "p" * 64, "r" * 64, 2, "{}"),
    ]
    assert requests_from_json(requests_to_json(requests)) == requests
    made_up = MadeUp(0.2, fails={(1, 3, 1e-300)}, machine=MACHINE)
    answers = [made_up.answer(request) for request in requests]
    answers.append(Outcome(result(answers=ANSWERS), (), MACHINE, StartRecord(datetime.now(UTC), 2)))
    assert [type(answer) for answer in answers[:3]] == [Outcome, Failure, Stopped]
    assert answers_from_json(answers_to_json(answers)) == answers


def test_a_failures_reason_is_its_last_line() -> None:
    assert Failure("Traceback ...\nRuntimeError: no luck\n").reason == "RuntimeError: no luck"
    assert Failure("no luck").reason == "no luck"
