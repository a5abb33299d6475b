"""Learning-rate schedules for iterative pruning, and the pruning and training to try them with.

`from scyc import SCyc, LevelLR` is all that a training loop of one's own needs.
"""

from scyc.errors import InputError
from scyc.lr_scheduler import LevelLR
from scyc.profiles import (
    PROFILES,
    ConstantProfile,
    Cosine,
    Linear,
    OneCycle,
    Profile,
    Step,
    Triangular,
    WarmupStep,
)
from scyc.schedules import (
    PRESETS,
    SILO,
    Constant,
    ExponentialRamp,
    InverseDensity,
    LevelSchedule,
    LinearRamp,
    Replay,
    SCyc,
    density,
)

__all__ = [
    "PRESETS",
    "PROFILES",
    "SILO",
    "Constant",
    "ConstantProfile",
    "Cosine",
    "ExponentialRamp",
    "InputError",
    "InverseDensity",
    "LevelLR",
    "LevelSchedule",
    "Linear",
    "LinearRamp",
    "OneCycle",
    "Profile",
    "Replay",
    "SCyc",
    "Step",
    "Triangular",
    "WarmupStep",
    "density",
]
