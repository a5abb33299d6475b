"""When a training that has no hope is ended early."""

from __future__ import annotations

from dataclasses import dataclass

from scyc.errors import InputError


@dataclass(frozen=True)
class StopRule:
    """Ends a training after an epoch if it is not good enough by then.

    Attributes:
        epoch: the epoch after which it is judged, from 0 on; not the last one, which ends the training anyway.
        below: the validation accuracy that it must reach, a fraction, on the examples that it is watched on.

    Raises:
        InputError: `epoch` is negative, or `below` is no fraction.
    """

    epoch: int
    below: float

    def __post_init__(self) -> None:
        """Refuse what is no rule."""
        if self.epoch < 0 or not 0 <= self.below <= 1:
            raise InputError(
                f"A stop rule needs an epoch of at least 0 and an accuracy from 0 to 1, but they are {self.epoch!r} "
                f"and {self.below!r}."
            )

    def check(self, epochs: int) -> None:
        """Check that the rule can end a training of so many epochs early; raise InputError otherwise."""
        if self.epoch >= epochs - 1:
            raise InputError(
                f"A stop rule judges after epoch {self.epoch}, but the last of the {epochs} epochs is {epochs - 1}, so "
                "there would be nothing left to stop; choose an earlier epoch."
            )

    def stops(self, epoch: int, val_accuracy: float) -> bool:
        """Return whether a training ends after an epoch, given its accuracy on the watched examples."""
        return epoch == self.epoch and val_accuracy < self.below
