"""A PyTorch scheduler that sets the learning rate from a level schedule and a profile, in your own training loop."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from torch.optim.lr_scheduler import LRScheduler

from scyc.errors import InputError
from scyc.optimizer_state import has_momentum, set_momentum
from scyc.profiles import Profile, WarmupStep, check_reach, momentum_at, shortfall

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from scyc.level_schedule import LevelSchedule


class LevelLR(LRScheduler):
    """Learning rate = `schedule(level)` x `profile(step / steps_per_level)`; call `step()` once per mini-batch.

    After `steps_per_level` steps the next level begins by itself; `start_level` begins one by hand. A new optimizer
    for each level is fine: make a new scheduler with `level=`. Where the profile cycles the momentum, that is set too.

    Example:
        >>> import torch
        >>> from scyc import LevelLR, SCyc, WarmupStep
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = torch.optim.SGD([weight], lr=1.0)
        >>> scheduler = LevelLR(optimizer, SCyc(0.03, 0.04), steps_per_level=10, profile=WarmupStep(0.5, (0.8,)))
        >>> for _ in range(5):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.03]

    Args:
        optimizer: its parameter groups all get the same learning rate, and the same momentum where the profile gives
            one; their own `lr` is ignored.
        schedule: from level to `max_lr`.
        steps_per_level: mini-batches per level, >= 1.
        profile: the learning rate within a level.
        level: the level to begin with.

    Raises:
        InputError: when a level has no step, or so few that the profile stays below half of `max_lr` (below nine tenths
            it is a warning), or the profile cycles a momentum that the optimizer does not have.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: LevelSchedule,
        steps_per_level: int,
        profile: Profile | None = None,
        level: int = 0,
    ) -> None:
        if steps_per_level < 1:
            raise InputError(
                f"A level has at least one step, but steps_per_level is {steps_per_level}; give the number "
                "of mini-batches per level."
            )
        self.schedule = schedule
        self.profile = profile if profile is not None else WarmupStep()
        check_reach(self.profile, steps_per_level)
        if short := shortfall(self.profile, steps_per_level):
            warnings.warn(short, stacklevel=2)
        self.steps_per_level = steps_per_level
        self.first_level = level
        if momentum_at(self.profile, 0.0) is not None and not all(map(has_momentum, optimizer.param_groups)):
            raise InputError(
                f"The profile {self.profile!r} cycles the momentum, but {type(optimizer).__name__} has none; "
                "choose an optimizer with momentum such as SGD, or leave the profile's momentum out."
            )
        super().__init__(optimizer)

    @property
    def level(self) -> int:
        """The pruning level of the next step."""
        return self.first_level + self.last_epoch // self.steps_per_level

    def step(self, epoch: int | None = None) -> None:
        """Advance to the next mini-batch."""
        super().step(epoch)
        self._set_momentum()

    def start_level(self, level: int) -> None:
        """Begin `level` now, however many steps the present one has had."""
        self.first_level, self.last_epoch = level, 0
        self._set(self.get_lr())

    def get_lr(self) -> list[Any]:
        """Return the learning rate of the next step, once per parameter group."""
        rate = self.schedule(self.level) * self.profile(self._progress)
        return [rate for _ in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return where the scheduler stands; schedule and profile are code and stay with the caller."""
        return {
            "first_level": self.first_level,
            "last_epoch": self.last_epoch,
            "steps_per_level": self.steps_per_level,
            "last_lr": list(self._last_lr),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from `state_dict`, with its learning rate; the optimizer may be loaded before or after.

        Raises:
            InputError: when it was taken with another number of steps per level.
        """
        if state_dict["steps_per_level"] != self.steps_per_level:
            raise InputError(
                f"The saved scheduler has {state_dict['steps_per_level']} steps per level but this one has "
                f"{self.steps_per_level}; make it with the same number."
            )
        self.first_level = state_dict["first_level"]
        self.last_epoch = state_dict["last_epoch"]
        self._set(list(state_dict["last_lr"]))

    @property
    def _progress(self) -> float:
        return self.last_epoch % self.steps_per_level / self.steps_per_level

    def _set(self, rates: list[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = rates
        self._set_momentum()

    def _set_momentum(self) -> None:
        momentum = momentum_at(self.profile, self._progress)
        if momentum is not None:
            for group in self.optimizer.param_groups:
                set_momentum(group, momentum)
