"""The learning curve that a training reports, and the rule that may end it early."""

from __future__ import annotations

import math
import operator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Point:
    """What a training reported.

    Attributes:
        step: how far it was, in the study's unit, from 0 on.
        val: value of the metric on the validation data; None if it is not finite.
        train_loss: None if it was not said, or is not finite.
        val_loss: the same.
    """

    step: int
    val: float | None
    train_loss: float | None = None
    val_loss: float | None = None


@dataclass(frozen=True)
class Bound:
    """Ends a training early if it is not good enough by then: the first finite report at or after a step is judged.

    Attributes:
        step: from which on a report is judged.
        last: from which on none is, since there would be nothing left to save; None if that is not known.
        value: what it must reach, in the metric's units.
        goal: "max" if more is better, "min" if less is.
    """

    step: int
    last: int | None
    value: float
    goal: str

    def judges(self, point: Point) -> bool:
        """Return whether a report is one that may end the training, the first of which does or does not."""
        return point.val is not None and point.step >= self.step and (self.last is None or point.step < self.last)

    def stops(self, point: Point) -> bool:
        """Return whether a report that is judged ends the training."""
        if point.val is None:
            return False
        return point.val < self.value if self.goal == "max" else point.val > self.value


def up_to_stop(points: Iterable[Point], bound: Bound | None) -> tuple[tuple[Point, ...], bool]:
    """Return a learning curve up to where its bound ends the training, by ascending steps, and whether it does.

    If several processes reported a step, the first report counts.
    """
    by_step: dict[int, Point] = {}
    for point in points:
        by_step.setdefault(point.step, point)
    curve = [by_step[step] for step in sorted(by_step)]
    judged = next((at for at, point in enumerate(curve) if bound and bound.judges(point)), None)
    if bound is None or judged is None or not bound.stops(curve[judged]):
        return tuple(curve), False
    return tuple(curve[: judged + 1]), True


def point(val: Any, step: Any, train_loss: Any = None, val_loss: Any = None) -> Point:
    """Return a report, once its values are known to be of their kinds.

    Raises:
        InputError: one of them is not.
    """
    try:
        at = operator.index(step)
    except TypeError as error:
        raise InputError(f"A report's step should be a whole number, but it is {step!r}.") from error
    if not 0 <= at < 2**63:
        raise InputError(f"A report's step should be 0 or more, but it is {at}.")
    return Point(at, finite(val, "val"), finite(train_loss, "train_loss"), finite(val_loss, "val_loss"))


def number(value: Any, what: str) -> float:
    """Return a number as a float; it may be NaN or infinite, and a scalar of NumPy or PyTorch.

    Raises:
        InputError: it is no number.
    """
    found = None
    if not isinstance(value, bool | str | bytes):
        with suppress(TypeError, ValueError, RuntimeError):  # the last is PyTorch's, of a tensor of several numbers
            found = float(value.detach() if hasattr(value, "detach") else value)  # of a loss, without a warning
    if found is None:
        raise InputError(f"{what} should be a number, but it is {value!r}.")
    return found


def finite(value: Any, what: str) -> float | None:
    """Return a number as a float; None if it is None, NaN or infinite.

    Raises:
        InputError: it is no number.
    """
    if value is None:
        return None
    found = number(value, what)
    return found if math.isfinite(found) else None
