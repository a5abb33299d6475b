"""The metric that a study is judged by: its name, its goal, what counts as equal, and how it is written."""

from __future__ import annotations

import math
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

    def __init__(self, name: str = "accuracy", **settings: Any) -> None:
        super().__init__(**{"name": name, **settings})

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
    def scale(self) -> float:
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

    @property
    def lower(self) -> str:
        """In which direction a value is worse: "lower" or "higher"."""
        return "lower" if self.goal == "max" else "higher"

    @property
    def below(self) -> str:
        """Where a worse value lies: "below" or "above"."""
        return "below" if self.goal == "max" else "above"

    @property
    def factor(self) -> float:
        """What values and differences are multiplied by where they are written or drawn: 100 for percent, else 1."""
        return 100.0 if self.format == "percent" else 1.0

    @property
    def suffix(self) -> str:
        """What follows a value."""
        return "\u202f%" if self.format == "percent" else ""

    @property
    def points(self) -> str:
        """What follows a difference: " points" of percent, or nothing."""
        return " points" if self.format == "percent" else ""

    @property
    def unit(self) -> str:
        """What a column of differences is in: "points", or the metric."""
        return "points" if self.format == "percent" else self.name

    @property
    def title(self) -> str:
        """The name as a heading begins with it; one with a capital letter of its own, such as mAP, is left as it is."""
        return self.name if self.name != self.name.lower() else self.name.capitalize()

    @property
    def lost(self) -> str:
        """What a column of losses is called: "points lost", or "lost in perplexity"."""
        return "points lost" if self.format == "percent" else f"lost in {self.name}"

    @property
    def loses_points(self) -> bool:
        """Whether worse values lose points of it, as accuracy does."""
        return self.format == "percent" and self.goal == "max"

    @property
    def point(self) -> float:
        """About how far apart values are that are drawn apart: a point of percent."""
        return self.factor * self.scale / 100

    def write(self, value: float | None, more: int = 0, space: str = "\u202f") -> str:
        """Return a value as text, a dash for None.

        Args:
            value: the value.
            more: further decimals.
            space: between a number and its percent sign.
        """
        if value is None:
            return "–"
        text = f"{self.factor * value:.{self.digits + more}f}"
        return text.replace("-", "−") + (f"{space}%" if self.format == "percent" else "")

    def number(self, difference: float, digits: int | None = None) -> str:
        """Return a difference as a number, with one decimal more than a value in percent has, or as many as given."""
        digits = self.digits + (self.format == "percent") if digits is None else digits
        return f"{self.factor * difference:.{digits}f}"

    def difference(self, difference: float) -> str:
        """Return a difference with its unit: "0.42 points", or "0.042" of a metric that is not in percent."""
        return f"{self.number(difference)}{self.points}"

    def amount(self, difference: float) -> str:
        """Return a difference that somebody has chosen, such as a tolerance, with its unit: "0.5 points"."""
        return f"{self.factor * difference:g}{self.points}"

    def most(self, difference: float) -> str:
        """Return a difference as a number with few decimals, rounded up: what it is less than."""
        unit = 10.0**self.digits
        return f"{max(math.ceil(unit * self.factor * difference - 1e-9), 1) / unit:.{self.digits}f}"

    def worse(self, loss: float, split: str) -> str:
        """Return a loss as what a value is: "a test loss 0.042 higher".

        Args:
            loss: how much worse, a difference of scores; negative if it is better.
            split: "validation" or "test".
        """
        direction = "higher" if (loss >= 0) == (self.goal == "min") else "lower"
        return f"a {split} {self.name} {self.difference(abs(loss))} {direction}"


def _digits(tolerance: Any, format_: Any) -> int:
    """Return how many decimals show a difference of a tenth of the tolerance."""
    if format_ == "percent" or not isinstance(tolerance, int | float) or tolerance <= 0:
        return 1
    return next((digits for digits in range(1, 9) if 10.0**-digits <= tolerance / 5), 9)


ACCURACY = MetricSpec()

Metric = MetricSpec
"""What scripts call it: `oracle.Metric("perplexity", goal="min", tolerance=0.1)`."""
