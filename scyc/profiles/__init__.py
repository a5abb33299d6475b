"""Profiles: the learning rate within one level, as a multiple of `max_lr`.

A profile maps progress (the fraction of the level's steps that are done, 0 <= progress < 1) to a factor.
"""

from scyc.profiles.drops import epoch_after_drop, first_drop
from scyc.profiles.parts import CosinePart, CosineParts
from scyc.profiles.profile import LevelProfile, MomentumProfile, Profile, learning_rates, momenta, momentum_at
from scyc.profiles.reach import check_reach, reach, shortfall
from scyc.profiles.restarts import OneCycle, ScaledRestart, Tail
from scyc.profiles.shapes import ConstantProfile, Cosine, Linear, Step, Triangular, WarmupStep

PROFILES: dict[str, type[Profile]] = {
    "constant": ConstantProfile,
    "step": Step,
    "warmup-step": WarmupStep,
    "linear": Linear,
    "cosine": Cosine,
    "triangular": Triangular,
    "one-cycle": OneCycle,
    "scaled-restart": ScaledRestart,
}
"""Every profile by the name a spec gives it; their fields are numbers, or tuples of them."""

__all__ = [
    "PROFILES",
    "ConstantProfile",
    "Cosine",
    "CosinePart",
    "CosineParts",
    "LevelProfile",
    "Linear",
    "MomentumProfile",
    "OneCycle",
    "Profile",
    "ScaledRestart",
    "Step",
    "Tail",
    "Triangular",
    "WarmupStep",
    "check_reach",
    "epoch_after_drop",
    "first_drop",
    "learning_rates",
    "momenta",
    "momentum_at",
    "reach",
    "shortfall",
]
