"""The schedules that can be compared with an oracle, as policies that a run can be trained with.

Those that need a scale get the dense network's winner, which everybody who prunes has to tune anyway.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from oracle.study.opening import ORACLE
from oracle.surface import best_curve
from scyc import PRESETS, InputError, LevelSchedule, Policy, Replay, SCyc, named_policies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.levels import OracleLevel
    from oracle.spec.model import Spec
    from oracle.surface import Surface

FITTED = "fitted"
SMOOTH = "smooth"

USUAL = (
    ORACLE,
    SMOOTH,
    FITTED,
    "s-cyc",
    "constant",
    "linear",
    "exponential",
    "inverse-density",
    "gradient-scaled",
    "range-test",
)
"""What `scyc run` trains by default: the schedules that differ from the oracle only in max_lr."""


def contenders(
    levels: Sequence[OracleLevel],
    spec: Spec,
    fitted: SCyc | None,
    chosen: Sequence[float] = (),
    surface: Surface | None = None,
) -> dict[str, Policy]:
    """Return the policies by name.

    Args:
        levels: the oracle's decided levels that have a winner, ascending from level 0 on.
        spec: of the study.
        fitted: S-Cyc fitted to the oracle, if there were levels enough.
        chosen: the `max_lr` of each decided level that the next one starts from. Default: the winners.
        surface: fitted to the levels, if there is one.

    Raises:
        InputError: level 0 is not decided.
    """
    if not levels or levels[0].level != 0:
        raise InputError("Schedules can be compared once the dense network, level 0, is decided; resume the sweep.")
    chosen = tuple(chosen or (level.winner for level in levels))
    policies = {ORACLE: Policy(Replay(chosen))}
    if surface is not None:
        policies[SMOOTH] = Policy(smooth(surface, levels, chosen))
    if fitted is not None:
        policies[FITTED] = Policy(fitted)
    policies |= named_policies(
        max_lr=levels[0].winner,
        p=spec.pruning.rate,
        levels=spec.levels,
        largest=max(max_lr for level in levels for max_lr in level.scores),
        profile=spec.profile.build(),
    )
    return policies | {f"s-cyc:{name}": Policy(preset) for name, preset in PRESETS.items()}


def smooth(surface: Surface, levels: Sequence[OracleLevel], chosen: Sequence[float]) -> Replay:
    """Return the curve of the best by the model of the surface; where that has no level, what the oracle has chosen.

    The values have four significant digits, because the last ones of a fit differ between processors, and a run that
    is resumed must be asked for the same schedule.
    """
    curve, values = best_curve(surface), list(chosen)
    for level, max_lr in zip(levels, curve.max_lr, strict=True):
        tried = level.scores
        values[level.level] = min(max(float(f"{max_lr:.4g}"), min(tried)), max(tried))
    return Replay(tuple(values))


def pick(policies: Mapping[str, Policy], wanted: str) -> Policy:
    """Return the policy that `wanted` names: a name, or a name with other parameters, "s-cyc:delta=0.1,q=2".

    Raises:
        InputError: there is none of that name, or it has no such parameter.
    """
    if wanted in policies:
        return policies[wanted]
    name, _, parameters = wanted.partition(":")
    if name not in policies:
        raise InputError(f"There is no schedule {name!r}; choose one of {', '.join(policies)}.")
    policy = policies[name]
    changes = dict(_parameter(name, policy, text) for text in parameters.split(","))
    return replace(policy, schedule=replace(policy.schedule, **changes))  # type: ignore[type-var]


def on_surface(policy: Policy) -> LevelSchedule | None:
    """Return the policy's schedule if the surface can judge it: no other profile, rewind or measurement. Else None."""
    if policy.profile is not None or policy.rewind is not None or not isinstance(policy.schedule, LevelSchedule):
        return None
    return policy.schedule


def _parameter(name: str, policy: Policy, text: str) -> tuple[str, Any]:
    """Return a parameter's name and value from "name=value"."""
    known = {field.name: getattr(policy.schedule, field.name) for field in fields(policy.schedule)}  # type: ignore[arg-type]
    numbers = {key: value for key, value in known.items() if isinstance(value, int | float)}
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or key not in numbers:
        having = f"it has {', '.join(numbers)}" if numbers else "it has none"
        raise InputError(
            f"{text!r} does not set a parameter of the schedule {name!r} ({having}); write {name}:PARAMETER=VALUE,..."
        )
    try:
        number = type(numbers[key])(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"The parameter {key} of {name!r} must be a number, but it is {value!r}.")
    return key, number
