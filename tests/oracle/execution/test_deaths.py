"""What a death of its worker costs a trial, without any worker; and a GPU whose memory is full, without a GPU."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
import torch

from oracle.execution import deaths
from oracle.execution.deaths import FORGIVEN, Died, Forgiving
from oracle.execution.messages import Failure, Outcome, TrialRequest
from oracle.execution.network_worker import NetworkWorker
from oracle.spec.files import parse_spec
from studies import Artifacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution.messages import Answer, Request

FIRST, SECOND = (TrialRequest(number, 0, 0, 0.1 * number, None, None) for number in (1, 2))


class Two:
    """A source of two trials."""

    def __init__(self) -> None:
        self.left: deque[Request] = deque([FIRST, SECOND])
        self.answers: list[tuple[Request, Answer]] = []

    gate = None

    @property
    def finished(self) -> bool:
        return len(self.answers) == 2

    def next(self, most: int = 1) -> list[Request]:
        return [self.left.popleft() for _ in range(min(most, len(self.left)))]

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        self.answers += answers


def test_what_was_lost_is_handed_out_again_before_anything_else() -> None:
    source = Forgiving(two := Two())
    assert source.next() == [FIRST]
    source.record([(FIRST, Died())])
    assert source.next() == [FIRST]
    assert source.next() == [SECOND]
    assert source.next() == []
    assert two.answers == []


def test_a_source_is_not_finished_while_something_is_lost() -> None:
    source = Forgiving(two := Two())
    two.answers = [(SECOND, Failure("x")), (SECOND, Failure("x"))]
    assert source.finished
    source.record([(FIRST, Died())])
    assert not source.finished


def test_a_trial_that_goes_on_killing_its_workers_fails() -> None:
    source = Forgiving(two := Two())
    for _ in range(FORGIVEN):
        source.record([(FIRST, Died())])
        assert source.next() == [FIRST]
    source.record([(SECOND, Died())])
    assert source.next() == [SECOND]  # each has deaths of its own
    assert two.answers == []
    for _ in range(2):  # from now on every death counts
        source.record([(FIRST, Died())])
    assert two.answers == [(FIRST, Died()), (FIRST, Died())]


def test_a_death_after_the_time_limit_counts_as_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(deaths, "monotonic", lambda: now)
    source = Forgiving(two := Two(), limit=60)
    source.begun([FIRST])
    now = 159.0
    source.record([(FIRST, Died())])
    assert two.answers == []
    source.record([(FIRST, Died())])  # it had not even begun
    assert two.answers == []
    source.begun([FIRST])
    now = 219.0
    source.record([(FIRST, Died())])
    [(_, answer)] = two.answers
    assert isinstance(answer, Failure)
    assert answer.error.startswith("The trial took longer than its time limit of 60 seconds")


def test_several_together_may_take_as_many_times_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(deaths, "monotonic", lambda: now)
    source = Forgiving(two := Two(), limit=60)
    group = source.next(2)
    source.begun(group)
    now = 100.0
    source.record([(request, Died()) for request in group])
    assert two.answers == []
    assert source.next(5) == group
    source.begun(group)
    now = 221.0
    source.record([(request, Died()) for request in group])
    assert [request for request, _ in two.answers] == group


def test_trials_that_died_together_are_parted_from_the_second_time_on() -> None:
    source = Forgiving(Two())
    group = source.next(2)
    source.record([(request, Died()) for request in group])
    assert not any(map(source.alone, source.next(2)))
    source.record([(request, Died()) for request in group])
    assert all(map(source.alone, source.next(2)))


def test_trials_that_took_too_long_together_are_parted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(deaths, "monotonic", lambda: now)
    source = Forgiving(Two(), limit=60)
    group = source.next(2)
    source.begun(group)
    now = 121.0
    source.record([(request, Died()) for request in group])
    assert all(map(source.alone, group))


@pytest.mark.parametrize("times", [1, 2])
def test_a_full_gpu_is_emptied_and_tried_once_more(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = parse_spec({"epochs": 1, "levels": 1, "seeds": [0]}, "of the test")
    worker = NetworkWorker(spec, Artifacts("memory://full"))
    emptied: list[object] = []
    run, left = worker.run, times

    def full(requests: Sequence[Request]) -> list[Answer]:
        nonlocal left
        if left:
            left -= 1
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return run(requests)

    monkeypatch.setattr(worker, "run", full)
    monkeypatch.setattr("oracle.execution.network_worker.free_memory", emptied.append)
    [answer] = worker.attempt([FIRST])
    assert len(emptied) == times
    if times == 1:
        assert isinstance(answer, Outcome)
    else:
        assert isinstance(answer, Failure)
        assert "too small for this trial twice (CUDA out of memory.)" in answer.error


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "could report."),
        (0, "it ended with exit code 0."),
        (-11, "it ended by SIGSEGV."),
        (-9, "by SIGKILL, as happens when the machine's memory is full."),
        (-64, "it ended by"),
    ],
)
def test_a_death_says_how_the_process_ended(code: int | None, said: str) -> None:
    [answer] = deaths.died([FIRST], code)
    assert isinstance(answer, Died)
    assert said in answer.error


def test_a_kill_after_the_time_limit_is_none_of_the_trials_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(deaths, "monotonic", lambda: now)
    source = Forgiving(two := Two(), limit=60)
    source.begun([FIRST])
    now = 100.0  # its data took a while
    source.record([(FIRST, deaths.died([FIRST], -9)[0])])
    assert two.answers == []
    source.begun([FIRST])
    now = 200.0
    source.record([(FIRST, deaths.died([FIRST], deaths.TOO_LATE)[0])])
    assert len(two.answers) == 1
