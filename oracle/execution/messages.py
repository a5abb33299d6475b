"""The requests that workers get, and the answers that they give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ConfigDict, TypeAdapter

from scyc import StopRule  # noqa: TC001
from scyc.measured_schedules import Measured, Measurement
from studies import EpochRecord, MachineRecord, NewCheckpoint, StartRecord, TrialResult  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class TrialRequest:
    """A trial to train: its row in the database and everything that determines its numbers.

    Attributes:
        id: the trial's row.
        parent: hash of the checkpoint that the trial starts from; None at level 0.
        rewind_point: hash of the early state of the dense network; None at level 0.
        run_id: the run that the trial belongs to.
        policy: policy of that run, as JSON; "" for the oracle run, which trains as the spec says.
        trained_on: fingerprints that the worker's data and code must have, as JSON; "" for any.
        stop: ends the training early if it is not good enough; None to train it to its end.
    """

    id: int
    level: int
    seed: int
    max_lr: float
    parent: str | None
    rewind_point: str | None
    run_id: int = 0
    policy: str = ""
    trained_on: str = ""
    stop: StopRule | None = None


@dataclass(frozen=True)
class MeasureRequest:
    """Something to measure when a level begins, before its `max_lr` is known. The other fields are those of a trial."""

    kind: Measurement
    level: int
    seed: int
    parent: str | None
    rewind_point: str | None
    run_id: int
    policy: str
    trained_on: str = ""


@dataclass(frozen=True)
class Outcome:
    """A trial that was trained to its end, diverged or not.

    Attributes:
        machine: that trained it; None if unknown.
        start: when a worker began with it, which the executor adds; None if unknown.
    """

    result: TrialResult
    saved: tuple[NewCheckpoint, ...]
    machine: MachineRecord | None = None
    start: StartRecord | None = None


@dataclass(frozen=True)
class Stopped:
    """A trial whose training its rule ended early: the learning curve up to there, and nothing else.

    Attributes:
        epochs: one entry for each epoch trained, at least one.
        seconds: duration of the training.
        machine: that trained it; None if unknown.
        start: as that of `Outcome`.
    """

    epochs: tuple[EpochRecord, ...]
    seconds: float
    machine: MachineRecord | None = None
    start: StartRecord | None = None


@dataclass(frozen=True)
class Failure:
    """A request that raised an exception; `error` is the traceback."""

    error: str

    @property
    def reason(self) -> str:
        """The last line of the traceback."""
        return last_line(self.error)


Request = TrialRequest | MeasureRequest
Answer = Outcome | Stopped | Measured | Failure


def begun_at(answer: Answer, start: StartRecord) -> Answer:
    """Return the answer of a worker, with when the worker began."""
    return replace(answer, start=start) if isinstance(answer, Outcome | Stopped) else answer


_REQUESTS: TypeAdapter[list[Request]] = TypeAdapter(list[Request])
_ANSWERS: TypeAdapter[list[Answer]] = TypeAdapter(
    list[Answer], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
)


def last_line(error: str) -> str:
    """Return the last line of a traceback, which says what went wrong."""
    return error.strip().rpartition("\n")[2]


def requests_to_json(requests: Sequence[Request]) -> str:
    """Return requests as text, on one line."""
    return _REQUESTS.dump_json(list(requests)).decode()


def requests_from_json(text: str) -> list[Request]:
    """Return the requests that `requests_to_json` wrote."""
    return _REQUESTS.validate_json(text)


def answers_to_json(answers: Sequence[Answer]) -> str:
    """Return answers as text, on one line."""
    return _ANSWERS.dump_json(list(answers)).decode()


def answers_from_json(text: str) -> list[Answer]:
    """Return the answers that `answers_to_json` wrote."""
    return _ANSWERS.validate_json(text)
