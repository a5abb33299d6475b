"""How every level is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from scyc.errors import InputError
from scyc.optimizers import OptimizerSettings
from scyc.profiles import Profile, WarmupStep

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Recipe:
    """How every level is trained. The last, incomplete batch of an epoch is left out.

    Attributes:
        precision: of the forward and backward pass: "fp32", or "bf16" by autocast; weights stay in single precision.

    Raises:
        InputError: when `epochs` or `batch_size` is below 1, or there is no such precision.
    """

    epochs: int = 10
    batch_size: int = 64
    profile: Profile = field(default_factory=WarmupStep)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    precision: Literal["fp32", "bf16"] = "fp32"

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained."""
        if self.epochs < 1 or self.batch_size < 1:
            raise InputError(
                f"epochs is {self.epochs} and batch_size {self.batch_size}; both must be whole numbers of at least 1."
            )
        if self.precision not in ("fp32", "bf16"):
            raise InputError(f"There is no precision {self.precision!r}; choose fp32 or bf16.")

    def autocast(self, device: torch.device) -> torch.autocast:
        """Return the context in which networks compute."""
        import torch

        return torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def steps(self, examples: int) -> int:
        """Return the number of steps of one level over `examples` training examples.

        Raises:
            InputError: when the examples do not fill one batch.
        """
        if examples < self.batch_size:
            raise InputError(
                f"The training split has {examples} examples, fewer than one batch of {self.batch_size}; "
                "choose a smaller batch_size."
            )
        return self.epochs * (examples // self.batch_size)


def check_rewind_step(rewind_step: int, steps: int) -> None:
    """Check that a level of `steps` steps has a step `rewind_step`; raise InputError otherwise."""
    if rewind_step < 0:
        raise InputError(f"rewind_step is {rewind_step}, but steps are counted from 0 on.")
    if rewind_step > steps:
        raise InputError(f"rewind_step is {rewind_step}, but a level has only {steps} steps; choose an earlier step.")
