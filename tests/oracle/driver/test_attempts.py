"""How often what fails is tried again, and what is on record of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.driver.attempts import Attempts
from oracle.driver.events import Listener
from oracle.execution.messages import Failure, MeasureRequest, TrialRequest
from studies import NewTrial, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.execution.messages import Outcome
    from studies import TrialRecord

FAILURE = Failure("Traceback ...\nRuntimeError: no luck")


class Diary(Listener):
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def trial_retried(self, request: TrialRequest, failure: Failure) -> None:
        self.heard.append(("retried", request.id))

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        self.heard.append(("ended", request.id))


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as store:
        study = store.create_study("s", {}, "h", "memory://a", {})
        run = store.open_run(study.id, "oracle")
        store.add_trials(run.id, [NewTrial(0, seed, 0.1, None, 0) for seed in (0, 1)])
        yield store


def trials(store: Store) -> list[TrialRecord]:
    return store.trials(store.runs(store.study("s").id)[0].id)


def request(trial: TrialRecord) -> TrialRequest:
    return TrialRequest(trial.id, trial.level, trial.seed, trial.max_lr, trial.parent, None)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_trial_fails_after_its_last_attempt(retries: int, store: Store) -> None:
    diary = Diary()
    attempts = Attempts(store, diary, retries)
    asked = request(trials(store)[0])
    assert [attempts.retry(asked, FAILURE) for _ in range(retries + 1)] == [True] * retries + [False]
    failed, other = trials(store)
    assert (failed.state, failed.attempts, failed.error) == ("failed", retries + 1, FAILURE.error)
    assert (other.state, other.attempts) == ("pending", 0)
    assert diary.heard == [("retried", asked.id)] * retries + [("ended", asked.id)]


def test_attempts_on_record_count(store: Store) -> None:
    asked = request(trials(store)[0])
    store.retry_trial(asked.id, "an earlier driver's")
    attempts = Attempts(store, Listener(), 1)
    attempts.start_from(asked.id, trials(store)[0].attempts)
    assert not attempts.retry(asked, FAILURE)


def test_what_is_no_trial_is_counted_by_itself_and_not_recorded(store: Store) -> None:
    diary = Diary()
    attempts = Attempts(store, diary, 1)
    measuring = MeasureRequest("gradient-std", 0, 0, None, None, 1, "")
    assert [attempts.retry(measuring, FAILURE) for _ in range(2)] == [True, False]
    assert attempts.again("weights")
    assert attempts.retry(request(trials(store)[0]), FAILURE)
    assert [trial.attempts for trial in trials(store)] == [1, 0]
    assert [heard for heard, _ in diary.heard] == ["retried"]
