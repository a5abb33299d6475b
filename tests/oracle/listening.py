"""Listeners for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.worker import Failure, Outcome, TrialRequest


class Silent:
    """Hears everything and says nothing."""

    def level_started(self, level: int, density: float) -> None:
        pass

    def trials_proposed(self, count: int) -> None:
        pass

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        pass

    def level_decided(self, level: int, winner: float, val_accuracy: float, edge: bool) -> None:
        pass
