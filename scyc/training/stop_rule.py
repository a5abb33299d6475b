"""When a training that has no hope is ended early."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scyc.errors import InputError

if TYPE_CHECKING:
    from scyc.training.result import EpochMetrics


@dataclass(frozen=True)
class StopRule:
    """Ends a training after an epoch if it is not good enough by then.

    Attributes:
        epoch: the epoch after which it is judged, from 0 on; not the last one, which ends the training anyway.
        below: the score that it must reach on the validation examples that it is watched on: the accuracy, a fraction,
            or the loss with a minus sign. Higher is better.
        by: which of the two.

    Raises:
        InputError: `epoch` is negative, or `below` is not finite.
    """

    epoch: int
    below: float
    by: Literal["accuracy", "loss"] = "accuracy"

    def __post_init__(self) -> None:
        """Refuse what is no rule."""
        if self.epoch < 0 or not math.isfinite(self.below):
            raise InputError(
                f"A stop rule needs an epoch of at least 0 and a finite score to reach, but they are {self.epoch!r} "
                f"and {self.below!r}."
            )

    def check(self, epochs: int) -> None:
        """Check that the rule can end a training of so many epochs early; raise InputError otherwise."""
        if self.epoch >= epochs - 1:
            raise InputError(
                f"A stop rule judges after epoch {self.epoch}, but the last of the {epochs} epochs is {epochs - 1}, so "
                "there would be nothing left to stop; choose an earlier epoch."
            )

    def stops(self, epoch: int, score: float) -> bool:
        """Return whether a training ends after an epoch, given its score on the watched examples."""
        return epoch == self.epoch and score < self.below

    def judges(self, reached: EpochMetrics) -> bool:
        """Return whether a training ends after an epoch, given where it stood then."""
        loss = -math.inf if reached.val_loss is None else -reached.val_loss
        return self.stops(reached.epoch, reached.val_accuracy if self.by == "accuracy" else loss)
