"""Listeners: whoever is told what happens while a study is trained, such as the display, the mirror, a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.execution.messages import Failure, Outcome, Stopped, TrialRequest
    from oracle.searching.candidates import Silence


class Listener:
    """Is told everything that happens. Does nothing with it; subclasses do."""

    def level_started(self, level: int, density: float) -> None:
        """A level began or was resumed."""

    def trials_proposed(self, count: int) -> None:
        """`count` more trials must be trained at the current level."""

    def trials_expected(self, count: int) -> None:
        """`count` trials must be trained in all runs of schedules together."""

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """A trial was recorded."""

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:
        """A trial was recorded that its rule had stopped."""

    def trial_retried(self, request: TrialRequest, failure: Failure) -> None:
        """An attempt at a trial failed, and it will be trained again."""

    def level_decided(self, level: int, winner: float, val: float, edge: bool, former: float | None) -> None:
        """A level was decided; `former` is the winner that it had before the study was extended."""

    def level_silent(self, level: int, chosen: float, silence: Silence) -> None:
        """A level that says nothing about `max_lr` has ended; the next one starts from the candidate `chosen`."""


class Listeners(Listener):
    """Several listeners that are told one after another."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = listeners

    def level_started(self, level: int, density: float) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.level_started(level, density)

    def trials_proposed(self, count: int) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.trials_proposed(count)

    def trials_expected(self, count: int) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.trials_expected(count)

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.trial_ended(request, outcome)

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.trial_stopped(request, stopped)

    def trial_retried(self, request: TrialRequest, failure: Failure) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.trial_retried(request, failure)

    def level_decided(self, level: int, winner: float, val: float, edge: bool, former: float | None) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.level_decided(level, winner, val, edge, former)

    def level_silent(self, level: int, chosen: float, silence: Silence) -> None:
        """Tell each."""
        for listener in self.listeners:
            listener.level_silent(level, chosen, silence)
