from .errors import InputError
from .level_schedule import LevelSchedule, density
from .lr_scheduler import LevelLR
from .measured_schedules import (
    MEASURED_SCHEDULES,
    AdaptiveRestart,
    GradientScaled,
    MeasuredSchedule,
    Measurement,
    RangeTest,
)
from .policies import Policy, named_policies, policy_from_dict, policy_to_dict
from .profiles import (
    PROFILES,
    ConstantProfile,
    Cosine,
    Linear,
    OneCycle,
    Profile,
    ScaledRestart,
    Step,
    Tail,
    Triangular,
    WarmupStep,
)
from .ramps import CompressionRamp, ExponentialRamp, InverseDensity, LinearRamp, OneCosine
from .schedules import PRESETS, SCHEDULES, SILO, Constant, Replay, SCyc
from .training.stop_rule import StopRule

__all__ = [
    "MEASURED_SCHEDULES",
    "PRESETS",
    "PROFILES",
    "SCHEDULES",
    "SILO",
    "AdaptiveRestart",
    "CompressionRamp",
    "Constant",
    "ConstantProfile",
    "Cosine",
    "ExponentialRamp",
    "GradientScaled",
    "InputError",
    "InverseDensity",
    "LevelLR",
    "LevelSchedule",
    "Linear",
    "LinearRamp",
    "MeasuredSchedule",
    "Measurement",
    "OneCosine",
    "OneCycle",
    "Policy",
    "Profile",
    "RangeTest",
    "Replay",
    "SCyc",
    "ScaledRestart",
    "Step",
    "StopRule",
    "Tail",
    "Triangular",
    "WarmupStep",
    "density",
    "named_policies",
    "policy_from_dict",
    "policy_to_dict",
]
