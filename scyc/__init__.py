"""Learning-rate schedules for iterative pruning, and the pruning and training to try them with.

`from scyc import SCyc, LevelLR` is all that your own training loop needs.
"""

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from scyc.errors import InputError
    from scyc.lr_scheduler import LevelLR
    from scyc.measured_schedules import (
        MEASURED_SCHEDULES,
        AdaptiveRestart,
        GradientScaled,
        MeasuredSchedule,
        Measurement,
        RangeTest,
    )
    from scyc.policies import Policy, named_policies, policy_from_dict, policy_to_dict
    from scyc.profiles import (
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
    from scyc.schedules import (
        PRESETS,
        SCHEDULES,
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
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "errors": ["InputError"],
            "lr_scheduler": ["LevelLR"],
            "measured_schedules": [
                "MEASURED_SCHEDULES",
                "AdaptiveRestart",
                "GradientScaled",
                "MeasuredSchedule",
                "Measurement",
                "RangeTest",
            ],
            "policies": ["Policy", "named_policies", "policy_from_dict", "policy_to_dict"],
            "profiles": [
                "PROFILES",
                "ConstantProfile",
                "Cosine",
                "Linear",
                "OneCycle",
                "Profile",
                "ScaledRestart",
                "Step",
                "Tail",
                "Triangular",
                "WarmupStep",
            ],
            "schedules": [
                "PRESETS",
                "SCHEDULES",
                "SILO",
                "Constant",
                "ExponentialRamp",
                "InverseDensity",
                "LevelSchedule",
                "LinearRamp",
                "Replay",
                "SCyc",
                "density",
            ],
        },
    )

__all__ = [
    "MEASURED_SCHEDULES",
    "PRESETS",
    "PROFILES",
    "SCHEDULES",
    "SILO",
    "AdaptiveRestart",
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
    "OneCycle",
    "Policy",
    "Profile",
    "RangeTest",
    "Replay",
    "SCyc",
    "ScaledRestart",
    "Step",
    "Tail",
    "Triangular",
    "WarmupStep",
    "density",
    "named_policies",
    "policy_from_dict",
    "policy_to_dict",
]
