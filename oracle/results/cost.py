"""What a study has cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.study.checking import finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies import TrialRecord


@dataclass(frozen=True)
class Cost:
    """What the study has cost so far, including trials that an extension turned into history."""

    trials: int  # complete ones
    failed: int
    epochs: float  # trained, all trials together, those that were stopped included; or the study's own unit
    compute_seconds: float  # summed over trials, those that were stopped included
    wall_seconds: float  # time that the sweep has been running, without pauses
    stopped: int = 0  # trials that were stopped early

    @property
    def under_way(self) -> float | None:
        """How many trials were under way on average, by the time that they took; None where no wall time is recorded.

        While a driver runs, its wall time is not recorded yet.
        """
        return self.compute_seconds / self.wall_seconds if self.wall_seconds else None


def cost_of(trials: Sequence[TrialRecord], epochs: float, wall_seconds: float) -> Cost:
    """Return what trials have cost, which took so many epochs together and so much time of their driver."""
    results = [trial.result for trial in trials if trial.result is not None]
    stopped = [trial.stopped for trial in trials if trial.stopped is not None]
    compute_seconds = math.fsum([*(one.seconds for one in results), *(one.seconds for one in stopped)])
    finite(compute_seconds, wall_seconds)
    return Cost(
        trials=len(results),
        failed=sum(trial.state == "failed" for trial in trials),
        epochs=epochs,
        compute_seconds=compute_seconds,
        wall_seconds=wall_seconds,
        stopped=len(stopped),
    )
