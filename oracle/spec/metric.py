"""The metric that a study is judged by: its name, its goal, what counts as equal, and how it is written."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from oracle.spec.section import Positive, Section

OF_WORKLOADS = ("accuracy", "loss")
"""Metrics that a built-in workload can be judged by."""

_KNOWN: dict[str, dict[str, Any]] = {
    "accuracy": {"goal": "max", "tolerance": 0.005, "format": "percent", "digits": 1},
    "loss": {"goal": "min", "tolerance": 0.01, "format": "plain", "digits": 3},
}
_TOLERANCE = 0.005


class MetricSpec(Section):
    """[metric]: what the trainings of a study are judged by.

    What searches and compares works with a *score*, which is better when it is higher: the value itself, or its
    negative where the goal is "min". All that is kept and shown is a value, in the metric's own units.
    """

    name: str = Field(
        default="accuracy",
        min_length=1,
        max_length=40,
        description='what it is called; a built-in workload can be judged by "accuracy" or "loss" (cross-entropy)',
    )
    goal: Literal["max", "min"] = Field(default="max", description="whether more is better, or less")
    tolerance: Positive = Field(
        default=_TOLERANCE, description="how much worse is as good as the best, in the metric's own units, > 0"
    )
    format: Literal["percent", "plain"] = Field(
        default="percent", description="how a value is written: a fraction in percent, or the number as it is"
    )
    digits: int = Field(default=1, ge=0, le=9, description="decimals of a value as it is written, 0 to 9")

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, given: Any) -> Any:
        """Fill in what is usual for the name; of other metrics, the goal and the tolerance must be said."""
        if not isinstance(given, dict) or (name := given.get("name", "accuracy")) == "accuracy":
            return given
        if name in _KNOWN:
            return _KNOWN[name] | given
        if lacking := [field for field in ("goal", "tolerance") if field not in given]:
            raise ValueError(
                f"the metric {name!r} needs a {' and a '.join(lacking)}: whether more (max) or less (min) is better, "
                "and how much worse is as good as the best"
            )
        given = {"format": "plain"} | given
        return {"digits": _digits(given["tolerance"], given["format"])} | given

    @model_validator(mode="after")
    def _as_it_is_known(self) -> Self:
        goal = _KNOWN.get(self.name, {}).get("goal", self.goal)
        if self.goal != goal:
            raise ValueError(f'the goal of {self.name} is "{goal}"; give another metric another name')
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest score that there is; infinite where there is no bound."""
        return (0.0, 1.0) if self.name == "accuracy" else (-float("inf"), 0.0 if self.name == "loss" else float("inf"))

    @property
    def worst(self) -> float | None:
        """The value of a network that knows nothing at all, such as one with NaN in it; None if there is none."""
        return 0.0 if self.name == "accuracy" else None

    @property
    def unit(self) -> float:
        """What counts as much as 1 does of a fraction: constants that are meant for accuracy are multiplied by it.

        It is 1 for what is written in percent; else half a point of accuracy is worth one tolerance.
        """
        return 1.0 if self.format == "percent" else self.tolerance / _TOLERANCE

    def score(self, value: float) -> float:
        """Return the score of a value: higher is better."""
        return value if self.goal == "max" else -value

    def value(self, score: float) -> float:
        """Return the value that has a score."""
        return score if self.goal == "max" else -score


def _digits(tolerance: Any, format_: Any) -> int:
    """Return how many decimals show a difference of a tenth of the tolerance."""
    if format_ == "percent" or not isinstance(tolerance, int | float) or tolerance <= 0:
        return 1
    return next((digits for digits in range(1, 9) if 10.0**-digits <= tolerance / 5), 9)


ACCURACY = MetricSpec()
