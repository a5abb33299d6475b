"""What workers are asked for, and what they answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from scyc.measured_schedules import Measurement  # noqa: TC001 - pydantic reads the annotations
from scyc.measuring import Measured
from studies import NewCheckpoint, TrialResult  # noqa: TC001


@dataclass(frozen=True)
class TrialRequest:
    """A trial to train: its row in the database and everything that determines its numbers.

    Attributes:
        id: its row.
        parent: hash of the checkpoint that it starts from, None at level 0.
        rewind_point: hash of the early state of the dense network, None at level 0.
        run_id: the run that it belongs to.
        policy: of that run, as JSON; "" for the oracle's, which trains as the spec says.
    """

    id: int
    level: int
    seed: int
    max_lr: float
    parent: str | None
    rewind_point: str | None
    run_id: int = 0
    policy: str = ""


@dataclass(frozen=True)
class MeasureRequest:
    """Something to measure when a level begins, before its `max_lr` is known; the other fields are a trial's."""

    kind: Measurement
    level: int
    seed: int
    parent: str | None
    rewind_point: str | None
    run_id: int
    policy: str


@dataclass(frozen=True)
class Outcome:
    """A trial that was trained to its end, diverged or not."""

    result: TrialResult
    saved: tuple[NewCheckpoint, ...]


@dataclass(frozen=True)
class Failure:
    """A request that raised."""

    error: str  # the traceback


WORKER_DIED = Failure("The worker process died before it could report.")
"""What an executor answers for a worker that cannot."""

Request = TrialRequest | MeasureRequest
Answer = Outcome | Measured | Failure

_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def request_to_dict(request: Request) -> dict[str, Any]:
    """Return a request as plain values."""
    return asdict(request)


def request_from_dict(values: dict[str, Any]) -> Request:
    """Return the request that `request_to_dict` took apart."""
    return _REQUEST.validate_python(values)


def answer_to_json(answer: Answer) -> str:
    """Return an answer as text."""
    return _ANSWER.dump_json(answer).decode()


def answer_from_json(text: str) -> Answer:
    """Return the answer that `answer_to_json` wrote."""
    return _ANSWER.validate_json(text)
