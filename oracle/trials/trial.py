"""One trial, as a training of the user's own sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex

from oracle.trials.curve import Bound, Point, number, point
from scyc.errors import InputError
from scyc.policies import profile_from_dict, profile_to_dict
from scyc.profiles import learning_rates, momentum_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scyc.profiles import Profile

FACTORS = 1000
"""In how many parts a profile is written down for programs that cannot compute it."""


class Stop(Exception):  # noqa: N818 - it reads as what is asked for
    """Ends a training that has no hope any more: `Trial.report` raises it. Let it pass; nothing need be returned."""


@dataclass(frozen=True)
class Facts:
    """What a trial is, as plain values.

    Attributes:
        level: number of prunings done.
        seed: of everything that the training draws.
        max_lr: upper bound of the learning rate, > 0.
        density: fraction of the prunable weights that are left at this level, in (0, 1].
        parent: folder with what the winner of the level before left for this seed; None at level 0.
        out: folder for what this training leaves.
        profile: the learning rate within the level, as multiples of `max_lr`.
        unit: what the budget is counted in.
        budget: how many units one trial takes; None if the study does not say so.
        bound: ends the training early; None if it is trained to its end.
    """

    level: int
    seed: int
    max_lr: float
    density: float
    parent: Path | None
    out: Path
    profile: Profile
    unit: str = "epochs"
    budget: int | None = None
    bound: Bound | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return values that JSON can hold."""
        return {
            "level": self.level,
            "seed": self.seed,
            "max_lr": self.max_lr,
            "density": self.density,
            "parent": self.parent and str(self.parent),
            "out": str(self.out),
            "profile": profile_to_dict(self.profile),
            "lr": [*learning_rates(self.profile, self.max_lr, FACTORS), self.max_lr * self.profile(1.0)],
            "unit": self.unit,
            "budget": self.budget,
            "bound": self.bound and vars(self.bound),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Facts:
        """Return what `to_dict` wrote down."""
        return cls(
            level=values["level"],
            seed=values["seed"],
            max_lr=values["max_lr"],
            density=values["density"],
            parent=Path(values["parent"]) if values["parent"] else None,
            out=Path(values["out"]),
            profile=profile_from_dict(values["profile"]),
            unit=values["unit"],
            budget=values["budget"],
            bound=Bound(**values["bound"]) if values["bound"] else None,
        )


@dataclass
class Trial:
    """One trial: what to train, and whom to tell how it goes. A training of your own is a function of one.

    Attributes:
        facts: what the trial is; the properties below say the same.
        points: what was reported so far.
    """

    facts: Facts
    tell: Callable[[Point], None] = lambda _: None
    points: list[Point] = field(default_factory=list)

    @property
    def level(self) -> int:
        """Number of prunings done, 0 for the dense network."""
        return self.facts.level

    @property
    def seed(self) -> int:
        """Seed of everything that the training draws: the candidates of a level share it, and so should their draws."""
        return self.facts.seed

    @property
    def max_lr(self) -> float:
        """Upper bound of the learning rate, > 0: what the study searches."""
        return self.facts.max_lr

    @property
    def density(self) -> float:
        """Fraction of the prunable weights that are left at this level, in (0, 1]; 1 at level 0."""
        return self.facts.density

    @property
    def parent(self) -> Path | None:
        """Folder with what the winner of the level before left in its `out` for this seed; None at level 0.

        It is for reading only: it is a view, which is gone when the trial ends.
        """
        return self.facts.parent

    @property
    def out(self) -> Path:
        """Empty folder for what the next level starts from. The winner's is kept."""
        return self.facts.out

    @property
    def unit(self) -> str:
        """What the budget is counted in, such as "epochs" or "tokens"."""
        return self.facts.unit

    @property
    def budget(self) -> int | None:
        """How many units this trial is to take; None if the study does not say so."""
        return self.facts.budget

    def lr_at(self, fraction: float) -> float:
        """Return the learning rate after a fraction of the training, in [0, 1]: the study's profile times `max_lr`.

        Step `i` of `n` trains with `lr_at(i / n)`.

        Raises:
            InputError: `fraction` is not in [0, 1].
        """
        return self.max_lr * self.facts.profile(_fraction(fraction))

    def momentum_at(self, fraction: float) -> float | None:
        """Return the momentum after a fraction of the training, in [0, 1]; None where the profile leaves it alone.

        Only some schedules set it, such as the one-cycle profile of `clr`.

        Raises:
            InputError: `fraction` is not in [0, 1].
        """
        return momentum_at(self.facts.profile, _fraction(fraction))

    def report(
        self,
        val: SupportsFloat,
        step: SupportsIndex | None = None,
        *,
        train_loss: SupportsFloat | None = None,
        val_loss: SupportsFloat | None = None,
    ) -> None:
        """Say how far the training is. What is reported is recorded as a learning curve.

        Args:
            val: value of the study's metric on the validation data; NaN or infinity if it diverges.
            step: how far the training is, in the study's unit, from 0 on; it ascends from report to report. Default:
                one more than at the last report.
            train_loss: recorded too.
            val_loss: recorded too.

        Raises:
            Stop: the search ends this training here. Let it pass.
            InputError: a value is no number, or the steps do not ascend.
        """
        last = self.points[-1].step if self.points else -1
        told = point(number(val, "val"), last + 1 if step is None else step, train_loss, val_loss)
        if told.step <= last:
            raise InputError(f"The steps of reports ascend, but step {told.step} was reported after step {last}.")
        bound = self.facts.bound
        first = bound is not None and bound.judges(told) and not any(map(bound.judges, self.points))
        self.points.append(told)
        self.tell(told)
        if first and bound is not None and bound.stops(told):
            raise Stop(f"The search ends this training after {told.step + 1} {self.unit}: it has no hope any more.")


def _fraction(fraction: float) -> float:
    if not 0 <= fraction <= 1:
        raise InputError(f"A fraction of the training is from 0 to 1, but it is {fraction!r}.")
    return fraction
