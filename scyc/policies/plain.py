"""Policies as plain values that JSON can hold, and back, exactly."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from scyc.errors import InputError
from scyc.measured_schedules import MEASURED_SCHEDULES
from scyc.policies.policy import Policy
from scyc.profiles import PROFILES, CosineParts, Profile, Tail
from scyc.schedules import SCHEDULES

Kind = TypeVar("Kind")

SCHEDULE_KINDS: dict[str, type] = {**SCHEDULES, **MEASURED_SCHEDULES}
PROFILE_KINDS: dict[str, type] = {**PROFILES, "tail": Tail, "cosine-parts": CosineParts}


def policy_to_dict(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain values: a schedule or profile is its kind and its fields, a tuple is a list.

    For example `{"schedule": {"kind": "constant", "max_lr": 0.1}, "profile": {"kind": "linear", "warmup": 0.1},
    "rewind": None, "from_level": 1}`. A field that is infinite is left out, since JSON has no infinity: only caps
    are, and that is their default.

    Raises:
        InputError: when the schedule or the profile is no built-in one, and so has no kind.
    """
    return {
        "schedule": _plain(policy.schedule, SCHEDULE_KINDS, "schedule"),
        "profile": None if policy.profile is None else _plain(policy.profile, PROFILE_KINDS, "profile"),
        "rewind": policy.rewind,
        "from_level": policy.from_level,
    }


def policy_from_dict(values: Mapping[str, Any]) -> Policy:
    """Return the policy that `policy_to_dict` wrote down; what has a default may be left out.

    Raises:
        InputError: when they describe no policy; the message says which value is wrong, and what it should be.
    """
    fields = {field.name for field in dataclasses.fields(Policy)}
    _check_mapping("A policy", values)
    _check_names("A policy", values, fields, {"schedule"})
    given = dict(values)
    given["schedule"] = _built(given["schedule"], SCHEDULE_KINDS, "schedule")
    if given.get("profile") is not None:
        given["profile"] = _built(given["profile"], PROFILE_KINDS, "profile")
    for name, hint in (("rewind", str | None), ("from_level", int)):
        if name in given:
            given[name] = _value(given[name], hint, f"A policy's {name}")
    return Policy(**given)


def profile_to_dict(profile: Profile) -> dict[str, Any]:
    """Return a profile as plain values, its kind and its fields.

    Raises:
        InputError: when it is no built-in one, and so has no kind.
    """
    return _plain(profile, PROFILE_KINDS, "profile")


def profile_from_dict(values: Mapping[str, Any]) -> Profile:
    """Return the profile that `profile_to_dict` wrote down.

    Raises:
        InputError: when they describe no profile.
    """
    made: Profile = _built(values, PROFILE_KINDS, "profile")
    return made


def _plain(thing: object, kinds: Mapping[str, type], what: str) -> dict[str, Any]:
    kind = next((name for name, known in kinds.items() if known is type(thing)), None)
    if kind is None or not dataclasses.is_dataclass(thing):
        raise InputError(
            f"A policy's {what} can be written down when it is one of {', '.join(kinds)}, "
            f"but it is {type(thing).__name__!r}."
        )
    values: dict[str, Any] = {"kind": kind}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, Profile):
            values[field.name] = _plain(value, PROFILE_KINDS, "profile")
        elif isinstance(value, tuple):
            values[field.name] = list(value)
        elif value != math.inf:
            values[field.name] = value
    return values


def _built(values: Any, kinds: Mapping[str, type[Kind]], what: str) -> Kind:
    _check_mapping(f"A policy's {what}", values)
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise InputError(f"A policy's {what} needs a kind, one of {', '.join(kinds)}, but it is {kind!r}.")
    made = kinds[kind]
    hints = get_type_hints(made)
    fields = {field.name: field for field in dataclasses.fields(made)}  # type: ignore[arg-type]
    given = {name: value for name, value in values.items() if name != "kind"}
    _check_names(
        f"A policy's {what} of kind {kind}",
        given,
        fields,
        {name for name, field in fields.items() if field.default is dataclasses.MISSING},
    )
    return made(**{name: _value(value, hints[name], f"{kind}'s {name}") for name, value in given.items()})


def _value(value: Any, hint: Any, where: str) -> Any:
    """Return `value` as the type `hint` wants it: a list as a tuple, plain values as a profile."""
    if get_origin(hint) in (Union, UnionType):
        if value is None and NoneType in get_args(hint):
            return None
        hint = next(option for option in get_args(hint) if option is not NoneType)
    if get_origin(hint) is tuple and isinstance(value, (list, tuple)):
        return tuple(_value(item, float, where) for item in value)
    if hint is Profile:
        return _built(value, PROFILE_KINDS, "profile")
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool) and _representable(value):
        return value
    if (hint is int and isinstance(value, int) and not isinstance(value, bool)) or (
        hint is str and isinstance(value, str)
    ):
        return value
    wanted = {float: "a number", int: "a whole number", str: "a text"}.get(hint, "a list of numbers")
    raise InputError(f"{where} should be {wanted}, but it is {value!r}.")


def _representable(number: float) -> bool:
    try:
        float(number)
    except OverflowError:  # a whole number beyond what a float holds
        return False
    return True


def _check_mapping(what: str, values: object) -> None:
    if not isinstance(values, Mapping):
        raise InputError(f"{what} should be a mapping of names to values, but it is {values!r}.")


def _check_names(what: str, given: Mapping[str, Any], known: Mapping[str, Any] | set[str], needed: set[str]) -> None:
    if unknown := sorted(str(name) for name in given if name not in known):
        raise InputError(f"{what} has no {', '.join(unknown)}, only {', '.join(sorted(known)) or 'a kind'}.")
    if missing := sorted(needed - given.keys()):
        raise InputError(f"{what} lacks {', '.join(missing)}.")
