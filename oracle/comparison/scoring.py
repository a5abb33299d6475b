"""What the trainings of schedules are judged by: the test data if they are known for all of them, else validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from oracle.searching.candidates import floor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oracle.results.run_view import RunView
    from oracle.spec.metric import MetricSpec
    from studies import TrialRecord, TrialResult

JudgedOn = Literal["test", "validation"]


@dataclass(frozen=True)
class Scoring:
    """Turns trainings into scores.

    Attributes:
        metric: that the study is judged by.
        on: the data that they are judged on.
        floors: by level, what a training that is not finite counts as where the metric has no worst value.
    """

    metric: MetricSpec
    on: JudgedOn
    floors: Mapping[int, float]

    @classmethod
    def of(cls, runs: Iterable[RunView], metric: MetricSpec) -> Scoring:
        """Return the scoring of all trainings of some runs."""
        trials = [trial for run in runs for path in run.paths.values() for trial in path]
        unknown = any((result := trial.result) and result.finite and result.test is None for trial in trials)
        on: JudgedOn = "validation" if unknown else "test"
        scoring, by_level = cls(metric, on, {}), dict[int, list[float | None]]()
        for trial in trials:
            by_level.setdefault(trial.level, []).append(scoring._known(trial))
        return cls(metric, on, {level: floor(scores) for level, scores in by_level.items()})

    def result(self, trial: TrialRecord) -> TrialResult:
        """Return the result of a complete trial as it counts."""
        if trial.result is None:
            raise ValueError(f"Trial {trial.id} of a path is not complete.")
        return trial.result.counted(self.metric.worst)

    def score(self, trial: TrialRecord) -> float:
        """Return the score of a complete trial."""
        known = self._known(trial)
        return self.floors[trial.level] if known is None else known

    def _known(self, trial: TrialRecord) -> float | None:
        result = self.result(trial)
        value = result.test if self.on == "test" else result.val
        return None if value is None else self.metric.score(value)
