"""Failed attempts: whether to try again, and what is recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from oracle.execution.messages import TrialRequest

if TYPE_CHECKING:
    from collections.abc import Hashable

    from oracle.driver.events import Listener
    from oracle.execution.messages import Failure, Request
    from studies import Store


class Attempts:
    """Counts failed attempts, and records a trial's failed attempts in the database.

    Args:
        store: the database.
        listener: told about a trial's failed attempts.
        retries: how often to try each thing again, >= 0.
    """

    def __init__(self, store: Store, listener: Listener, retries: int) -> None:
        self.store, self.listener, self.retries = store, listener, retries
        self._failed: Counter[Hashable] = Counter()

    def start_from(self, trial: int, failed: int) -> None:
        """Start a trial's count at the number of failed attempts that the database holds."""
        self._failed[trial] = failed

    def again(self, thing: Hashable) -> bool:
        """Count a failed attempt at something; return whether to try again."""
        self._failed[thing] += 1
        return self._failed[thing] <= self.retries

    def retry(self, request: Request, failure: Failure) -> bool:
        """Record a failed attempt; return whether to try again. If not, a trial is recorded as failed."""
        again = self.again(request.id if isinstance(request, TrialRequest) else request)
        if not isinstance(request, TrialRequest):
            return again
        if again:
            self.store.retry_trial(request.id, failure.error)
            self.listener.trial_retried(request, failure)
        else:
            self.store.fail_trial(request.id, failure.error)
            self.listener.trial_ended(request, failure)
        return again
