"""Schedules whose `max_lr` at a level depends on something measured on the network when that level begins.

What is measured, and how: `scyc.measuring`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Measurement = Literal["norm-drop", "gradient-std", "range-test"]


@dataclass(frozen=True)
class Measured:
    """What was measured, and what it took.

    Attributes:
        value: finite; a norm drop is from 0 to 1, the others are greater than 0.
        epochs: of training that were spent on it, >= 0.
    """

    value: float
    epochs: float


@runtime_checkable
class MeasuredSchedule(Protocol):
    """`max_lr` of a level that needs something measured when the level begins."""

    needs: ClassVar[Measurement]

    def given(self, level: int, measured: Sequence[float]) -> float:
        """Return `max_lr` (> 0) of pruning level `level`.

        Args:
            level: number of prunings done, >= 0.
            measured: what was measured with the same seed when level 0, 1, ..., `level` began, level + 1 numbers.

        Raises:
            InputError: when there are more or fewer of them, or one that is used is outside its range.
        """
        ...


@dataclass(frozen=True)
class AdaptiveRestart:
    """ALLR: the more of the network's norm a pruning removes, the higher `max_lr` restarts.

    Zimmer, Spiegel, Pokutta, "How I Learned to Stop Worrying and Love Retraining" (ICLR 2023; BIMP), code
    github.com/ZIB-IOL/BIMP, `define_retrain_schedule`: at levels from 1 on

        `max_lr * max(share, min(1, d / sqrt(p)))` with d = ||W - W_pruned|| / ||W||

    and `max_lr` itself at level 0. Theirs decays linearly after a warm-up over a tenth: profile `Linear(0.1)`.

    Attributes:
        max_lr: of the dense network, > 0; the largest that there is.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.
        share: epochs of a level divided by those of the dense training, in (0, 1]: the least part of `max_lr`.

    Raises:
        InputError: when a parameter is outside its range.
    """

    needs: ClassVar[Measurement] = "norm-drop"

    max_lr: float
    p: float
    share: float

    def __post_init__(self) -> None:
        _check_max_lr(self)
        for name, value, holds in (("p", self.p, 0 < self.p < 1), ("share", self.share, 0 < self.share <= 1)):
            if not holds:
                up_to = "at most 1" if name == "share" else "less than 1"
                raise InputError(f"AdaptiveRestart needs {name} to be greater than 0 and {up_to}, but it is {value!r}.")

    def given(self, level: int, measured: Sequence[float]) -> float:
        """Return `max_lr` of pruning level `level`; `measured` are norm drops, each from 0 to 1."""
        drop = _present(self, level, measured)
        if level == 0:
            return self.max_lr
        if not 0 <= drop <= 1:
            raise InputError(f"A pruning's norm drop is from 0 to 1, but at level {level} it is {drop!r}.")
        return self.max_lr * max(self.share, min(1.0, drop / math.sqrt(self.p)))


@dataclass(frozen=True)
class RangeTest:
    """What a range test finds when the level begins, at every level, the dense one included.

    L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (WACV 2017).
    """

    needs: ClassVar[Measurement] = "range-test"

    def given(self, level: int, measured: Sequence[float]) -> float:
        """Return `max_lr` of pruning level `level`; `measured` are the rates found, each > 0."""
        return _positive("A range test's learning rate", _present(self, level, measured), level)


@dataclass(frozen=True)
class GradientScaled:
    """`max_lr` grows as the gradients shrink: `max_lr * std(level 0) / std(level)`, up to a cap.

    This project's own reading of why `max_lr` should rise: Liu, Tan, Motani (S-Cyc, arXiv 2110.08764) find that the
    distribution of weight gradients gets narrower as a network is pruned. Here the learning rate makes up for that,
    so that the steps stay as wide as the dense network's.

    Attributes:
        max_lr: of the dense network, > 0.
        cap: largest value, >= `max_lr`.

    Raises:
        InputError: when a parameter is outside its range.
    """

    needs: ClassVar[Measurement] = "gradient-std"

    max_lr: float
    cap: float = math.inf

    def __post_init__(self) -> None:
        _check_max_lr(self)
        if not self.cap >= self.max_lr:
            raise InputError(f"GradientScaled needs a cap of max_lr ({self.max_lr}) or more, but it is {self.cap!r}.")

    def given(self, level: int, measured: Sequence[float]) -> float:
        """Return `max_lr` of pruning level `level`; `measured` are standard deviations, each > 0."""
        now = _positive("A gradient's standard deviation", _present(self, level, measured), level)
        dense = _positive("A gradient's standard deviation", measured[0], 0)
        return self.max_lr if level == 0 else min(self.max_lr * (dense / now), self.cap)


MEASURED_SCHEDULES: dict[str, type[MeasuredSchedule]] = {
    "allr": AdaptiveRestart,
    "range-test": RangeTest,
    "gradient-scaled": GradientScaled,
}
"""Every measured schedule by its kind."""


def _present(schedule: MeasuredSchedule, level: int, measured: Sequence[float]) -> float:
    """Return what was measured at `level`."""
    if level < 0:
        raise InputError(f"A pruning level is 0 (dense) or greater, but it is {level}.")
    if len(measured) != level + 1:
        raise InputError(
            f"{type(schedule).__name__} needs the {schedule.needs} of each level from 0 to {level}, {level + 1} in "
            f"all, but {len(measured)} are given."
        )
    return measured[level]


def _positive(what: str, value: float, level: int) -> float:
    if not 0 < value < math.inf:
        raise InputError(f"{what} is finite and greater than 0, but at level {level} it is {value!r}.")
    return value


def _check_max_lr(schedule: AdaptiveRestart | GradientScaled) -> None:
    if not 0 < schedule.max_lr < math.inf:
        raise InputError(
            f"{type(schedule).__name__} needs max_lr to be finite and greater than 0, but it is {schedule.max_lr!r}."
        )
