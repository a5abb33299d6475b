"""Policies by name: S-Cyc and SILO, the schedules that they are compared with, and the retraining literature's.

Every one of them is scaled to one number: the `max_lr` that the dense network was tuned to.

| name | max_lr of a level | otherwise | source |
| --- | --- | --- | --- |
| constant | that number | | common practice |
| s-cyc, silo | the authors' S, from that number to 7/3 of it | | Liu et al., arXiv 2110.08764 and 2212.06144 |
| linear, exponential | a ramp between the same two, over the levels | | this project's controls |
| inverse-density | as 1/density, capped | | SμPar: Dey, Bergsma, Hestness, NeurIPS 2024 |
| gradient-scaled | as 1/(standard deviation of the gradients), capped | | S-Cyc's motivation, made a rule |
| range-test | what a range test finds at each level | | L. N. Smith, WACV 2017 |
| constant-lr | constant | profile: constant | benchmark of S-Cyc |
| step-decay, cosine-decay | constant | profile: steps, half a cosine | benchmark of S-Cyc |
| cyclical | constant | profile: one triangle | benchmark of S-Cyc |
| warmup | constant | profile: warm-up, then steps | benchmark of S-Cyc |
| ft | constant | last learning rate of the profile | fine-tuning: Le & Hua, ICLR 2021 |
| lrw | constant | last 72 of 160 epochs of the profile | Renda et al., ICLR 2020; Le & Hua, Figure 1 |
| slr | constant | warm-up, then steps | scaled restarting: Le & Hua |
| clr | constant | one-cycle from 1/100, momentum too | cyclic restarting: Le & Hua |
| one-cycle | constant | one-cycle with PyTorch's defaults, momentum too | Smith & Topin 2018 |
| lrr | constant | the whole profile once more | Renda, Frankle & Carbin, ICLR 2020 |
| llr | constant | warm-up, then linear to 0 | Zimmer, Spiegel, Pokutta, ICLR 2023 |
| allr | from the norm that the pruning removed | as llr | Zimmer, Spiegel, Pokutta, ICLR 2023 |
| compression | as the share pruned, between the same two | short warm-up, then linear | NVIDIA Model-Optimizer |
| one-cosine | one cosine over all levels together | its parts | IDEA Prune, arXiv 2503.05920 |

The five benchmarks of S-Cyc stand for the paper's four (constant, decay, cyclical, warm-up). The paper does not give
their settings in a way that can be checked, so here they have each profile's defaults, at every level. The retraining
variants, from ft on, train the dense network as the study does, and from level 1 on keep the trained weights; but
one-cosine has the dense network too. They train every level for as many epochs as the study, whatever share of them
their papers retrain for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.errors import InputError
from scyc.measured_schedules import AdaptiveRestart, GradientScaled, MeasuredSchedule, RangeTest
from scyc.policies.policy import Policy
from scyc.profiles import (
    ConstantProfile,
    Cosine,
    CosineParts,
    Linear,
    OneCycle,
    Profile,
    ScaledRestart,
    Step,
    Tail,
    Triangular,
    WarmupStep,
)
from scyc.ramps import CompressionRamp, ExponentialRamp, InverseDensity, LinearRamp, OneCosine
from scyc.schedules import PRESETS, SILO, Constant, SCyc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scyc.level_schedule import LevelSchedule

SHAPE = PRESETS["resnet20-cifar10"]
"""The authors' schedule, whose shape is scaled to the dense network's `max_lr`."""

SHARE = 72 / 160
"""Epochs of retraining divided by those of the original training, in Le & Hua's Figure 1."""

MOMENTUM = (0.85, 0.95)
"""Between which PyTorch's `OneCycleLR` cycles the momentum by default."""


def named_policies(*, max_lr: float, p: float, levels: int, largest: float, profile: Profile) -> dict[str, Policy]:
    """Return the policies by name.

    "ft" is there only if the profile ends above 0: else it would not train.

    Args:
        max_lr: that the dense network was tuned to, > 0.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.
        levels: number of levels, the dense one included, >= 1.
        largest: largest `max_lr` that was tried, >= `max_lr`; those that could grow beyond it are capped there.
        profile: the study's.

    Raises:
        InputError: when one of them is outside its range.
    """
    if levels < 1:
        raise InputError(f"A study has at least one level, the dense one, but levels is {levels}.")
    return (
        {name: Policy(schedule) for name, schedule in _schedules(max_lr, p, levels, largest).items()}
        | {name: Policy(Constant(max_lr), shape) for name, shape in _BENCHMARKS.items()}
        | {name: Policy(*variant, "learning-rate", 1) for name, variant in _retraining(max_lr, p, profile).items()}
        | {"one-cosine": Policy(OneCosine(max_lr, levels), CosineParts(levels), "learning-rate")}
    )


def _schedules(max_lr: float, p: float, levels: int, largest: float) -> dict[str, LevelSchedule | MeasuredSchedule]:
    end = _end(max_lr)
    steps = max(levels - 1, 1)
    return {
        "constant": Constant(max_lr),
        "s-cyc": SCyc(max_lr, _rise(max_lr), SHAPE.beta, SHAPE.q, p),
        "silo": SILO(max_lr, _rise(max_lr), SHAPE.beta, SHAPE.q, p),
        "linear": LinearRamp(max_lr, end, steps),
        "exponential": ExponentialRamp(max_lr, end, steps),
        "inverse-density": InverseDensity(max_lr, p, cap=largest),
        "gradient-scaled": GradientScaled(max_lr, cap=largest),
        "range-test": RangeTest(),
    }


def _rise(max_lr: float) -> float:
    """Return by how much the authors' schedule rises in all, once it is scaled to the dense network's `max_lr`."""
    return SHAPE.epsilon * max_lr / SHAPE.delta


def _end(max_lr: float) -> float:
    """Return where ramps end: where the authors' schedule does."""
    return max_lr + _rise(max_lr)


_BENCHMARKS: Mapping[str, Profile] = {
    "constant-lr": ConstantProfile(),
    "step-decay": Step(),
    "cosine-decay": Cosine(),
    "cyclical": Triangular(),
    "warmup": WarmupStep(),
}


def _retraining(
    max_lr: float, p: float, profile: Profile
) -> dict[str, tuple[LevelSchedule | MeasuredSchedule, Profile | None]]:
    constant = Constant(max_lr)
    fine_tuning = Tail(profile, 0.0)
    return ({"ft": (constant, fine_tuning)} if fine_tuning(0.0) > 0 else {}) | {
        "lrw": (constant, Tail(profile, SHARE)),
        "slr": (constant, ScaledRestart()),
        "clr": (constant, OneCycle(start=0.1, div=100.0, final_div=100.0, momentum=MOMENTUM)),
        "one-cycle": (constant, OneCycle(momentum=MOMENTUM)),
        "lrr": (constant, None),
        "llr": (constant, Linear(warmup=0.1)),
        "allr": (AdaptiveRestart(max_lr, p, SHARE), Linear(warmup=0.1)),
        "compression": (CompressionRamp(max_lr, _end(max_lr), p=p), Linear(warmup=0.05)),
    }
